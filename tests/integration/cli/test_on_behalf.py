"""The operator sets, checks and starts a client's adbot, and keeps its group lists."""

from asyncio import gather
from pathlib import Path
from typing import Any
from uuid import UUID

from libs.events.forwarder import PostChecked, PostFinding
from libs.events.values import AdbotId, ChannelPost, PostCheckId, SessionId
from tests.integration.cli.delivered import delivered
from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import Shop
from tests.support.waiting import until

POST = "https://t.me/channel/42"


async def done(shop: Shop, *arguments: str, folder: Path | None = None) -> Any:  # noqa: ANN401 - JSON
    """Run a command that must not be refused; return its JSON."""
    ran = await adrelay(shop.url, *arguments, "--json", folder=folder)
    assert (ran.code, ran.err) == (0, ""), arguments
    return ran.document


async def test_an_adbot_is_set_started_and_stopped(shop: Shop) -> None:
    adbot = await delivered(shop)
    unset = await adrelay(shop.url, "adbots", "advertise", adbot, "--group", "@bakers")
    assert (unset.code, unset.err.startswith("✗ the adbot has no post yet")) == (2, True)
    groups = ("--group", "t.me/Bakers", "--group", "@millers/7")
    set_ = await done(shop, "adbots", "advertise", adbot, "--post", POST, *groups, "--no-author")
    assert set_["advertisement"]["groups"] == ["@bakers", "@millers/7"]
    assert set_["advertisement"]["options"]["author"] is False
    paused = await done(shop, "adbots", "group-option", adbot, "@millers/7", "--paused")
    assert [one["group"] for one in paused["advertisement"]["group_options"]] == ["@millers/7"]
    more = await done(
        shop, "adbots", "advertise", adbot, "--post", POST, "--post", "a text", "--order", "random"
    )
    assert (len(more["advertisement"]["posts"]), more["advertisement"]["order"]) == (2, "random")
    kept = ("groups", "options", "group_options")
    assert [more["advertisement"][name] for name in kept] == [paused["advertisement"][name] for name in kept]
    assert (await done(shop, "adbots", "confirm-group", adbot, "@bakers"))["id"] == adbot
    assert (await done(shop, "adbots", "start", adbot))["status"] == "RUNNING"
    listed = await done(shop, "adbots", "list", "--account", set_["account"], "--status", "running")
    assert [one["id"] for one in listed] == [adbot]
    stopped = await adrelay(shop.url, "adbots", "stop", f"adbot-{adbot}")
    assert (stopped.code, stopped.err) == (0, "")
    assert "STOPPED" in stopped.out


async def test_the_pacing_that_is_not_given_stays(shop: Shop) -> None:
    adbot = await delivered(shop)
    paced = await done(shop, "adbots", "pace", adbot, "--delay", "60", "--time-zone", "Europe/Berlin")
    assert paced["pacing"]["delay_seconds"] == 60
    timed = await done(shop, "adbots", "pace", adbot, "--at", "mon,sunday/09:30", "--quiet", "22:00-07:00")
    assert timed["pacing"]["delay_seconds"] == 60
    assert timed["pacing"]["quiet_hours"] == {"begin": "22:00", "end": "07:00"}
    assert timed["pacing"]["timetable"] == [{"days": ["monday", "sunday"], "times": ["09:30"]}]
    reset = await done(shop, "adbots", "pace", adbot, "--reset")
    assert (reset["pacing"]["delay_seconds"], reset["pacing"]["timetable"]) == (None, [])
    no_day, no_hours = await gather(
        adrelay(shop.url, "adbots", "pace", adbot, "--at", "someday/09:30"),
        adrelay(shop.url, "adbots", "pace", adbot, "--quiet", "night"),
    )
    assert (no_day.code, no_day.err.startswith("✗ 'someday' names no days")) == (2, True)
    assert (no_hours.code, no_hours.err.startswith("✗ 'night' are no quiet hours")) == (2, True)


async def test_what_a_seat_can_not_forward_is_shown_and_ends_with_1(shop: Shop) -> None:
    adbot = await delivered(shop)
    await done(shop, "adbots", "advertise", adbot, "--post", POST, "--group", "@bakers")

    async def answer() -> None:
        async def begun() -> Any:  # noqa: ANN401 - JSON
            return (await shop.admin.get(f"adbots/{adbot}/post-checks")).json()["items"]

        check = PostCheckId(UUID((await until(begun))[0]["id"]))
        stock = (await shop.admin.get("stock", params={"adbot": adbot})).json()["sessions"]
        post = ChannelPost(channel="@channel", message=42)
        finding = PostFinding(post=post, readable=False, forwardable=False, error="CHANNEL_PRIVATE")
        session = SessionId(UUID(stock[0]["session"]))
        checked = PostChecked(check=check, adbot=AdbotId(UUID(adbot)), session=session, findings=(finding,))
        await shop.forwarder.publish(f"postcheck-{check}", checked)

    ran, _ = await gather(adrelay(shop.url, "adbots", "check-posts", adbot), answer())
    assert (ran.code, ran.err) == (1, "")
    assert "1 of 1 seats can't read it (CHANNEL_PRIVATE)" in ran.out
    assert ran.out.splitlines()[-1].split()[-3:] == ["no", "no", "CHANNEL_PRIVATE"]
    (listed,) = await done(shop, "adbots", "post-checks", adbot)
    assert await done(shop, "adbots", "post-check", adbot, listed["id"]) == listed
    begun = await done(shop, "adbots", "check-posts", adbot, "https://t.me/other/7", "--no-wait")
    assert set(begun) == {"id"}


async def test_a_group_list_is_made_of_a_file_assigned_changed_and_deleted(
    shop: Shop, tmp_path: Path
) -> None:
    email = "lists@example.com"
    adbot = await delivered(shop, email)
    await done(shop, "adbots", "advertise", adbot, "--post", POST, "--group", "@bakers")
    empty = await adrelay(shop.url, "group-lists", "list", email)
    assert (empty.code, empty.out) == (1, "no such group list: see `adrelay group-lists create`\n")
    (tmp_path / "groups.csv").write_text("group,members\n@flats,120\n@rooms/7,80\n")
    of_file = ("--groups-file", "groups.csv")
    made = await done(shop, "group-lists", "create", email, "Flats", *of_file, folder=tmp_path)
    assert (made["name"], made["groups"]) == ("Flats", ["@flats", "@rooms/7"])
    list_ = made["id"]
    assert (await done(shop, "group-lists", "assign", list_, adbot))["advertisement"]["lists"] == [list_]
    slow = await done(shop, "group-lists", "option", email, list_, "@flats", "--every", "3600")
    assert slow["group_options"][0]["every_seconds"] == 3600
    renamed = await done(shop, "group-lists", "change", email, list_, "--name", "Rooms")
    assert [renamed[name] for name in ("name", "groups", "group_options")] == [
        "Rooms",
        slow["groups"],
        slow["group_options"],
    ]
    changed = await done(shop, "group-lists", "change", email, list_, "--group", "@flats", "--group", "@huts")
    assert (changed["groups"], changed["group_options"]) == (["@flats", "@huts"], slow["group_options"])
    shown = await adrelay(shop.url, "group-lists", "show", email, list_)
    assert shown.out.splitlines()[-2].split() == ["@flats", "3600", "s"]
    (line,) = await done(shop, "group-lists", "list", email)
    assert (line["id"], line["adbots"]) == (list_, [adbot])
    await done(shop, "adbots", "group-option", adbot, "@huts", "--paused")
    kept = await adrelay(shop.url, "group-lists", "unassign", list_, adbot)
    assert (kept.code, kept.out) == (1, "")
    assert "--drop-options" in kept.err
    assert "unknown_group: @huts" in kept.err
    unassigned = await done(shop, "group-lists", "unassign", list_, adbot, "--drop-options")
    assert (unassigned["advertisement"]["lists"], unassigned["advertisement"]["group_options"]) == ([], [])
    assert (await adrelay(shop.url, "group-lists", "delete", email, list_)).code == 0
    gone = await adrelay(shop.url, "group-lists", "show", email, list_)
    assert (gone.code, gone.err.startswith("✗ unknown_group_list")) == (1, True)


async def test_a_line_of_a_file_that_names_no_group_is_told_with_its_number(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.check_out(email="lines@example.com")
    (tmp_path / "groups.txt").write_text("@flats\nno group\x1b[31m\n")
    of_file = ("--groups-file", "groups.txt")
    ran = await adrelay(
        shop.url, "group-lists", "create", "lines@example.com", "L", *of_file, folder=tmp_path
    )
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("✗ malformed_groups: line 2")
    assert ran.err.removesuffix("\n").isprintable()
    missing = await adrelay(
        shop.url, "group-lists", "create", "lines@example.com", "L", "--groups-file", "no.txt"
    )
    assert (missing.code, missing.err) == (2, "✗ no.txt: no such file or directory\n")


async def test_times_of_a_log_are_understood(shop: Shop) -> None:
    adbot = await delivered(shop)
    ran = await adrelay(shop.url, "adbots", "log", adbot, "--since", "2h", "--until", "1m")
    assert (ran.code, ran.out, ran.err) == (1, "no such delivery\n", "")
    future = await adrelay(shop.url, "adbots", "log", adbot, "--since", "2999-01-01")
    assert (future.code, "is in the future" in future.err) == (2, True)
