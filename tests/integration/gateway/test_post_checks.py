"""A client lets the seats look at a post, and reads what each found out."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from libs.events.forwarder import PostChecked, PostFinding
from libs.events.provisioning import SessionStocked
from libs.events.scheduler import PostCheckRequested
from libs.events.values import AdbotId, ChannelPost, PostCheckId
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.fake_services import SEATS
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

POST = ChannelPost(channel="@channel", message=42)
READS = PostFinding(post=POST, readable=True, forwardable=True)
PROTECTED = PostFinding(post=POST, readable=True, forwardable=False)
PRIVATE = PostFinding(post=POST, readable=False, forwardable=False, error="CHANNEL_PRIVATE")


async def answer(harness: GatewayHarness, adbot: AdbotId, check: PostCheckId, *findings: PostFinding) -> None:
    for seat, finding in zip(SEATS, findings, strict=False):
        checked = PostChecked(check=check, adbot=adbot, session=seat.session, findings=(finding,))
        await harness.forwarder.publish(f"postcheck-{check}", checked)


async def test_each_seats_finding_is_shown_and_summed_up(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    first, second, _ = SEATS
    await harness.provisioning.publish(
        f"session-{first.session}", SessionStocked(session=first.session, telegram_user=9, phone="+49…42")
    )
    begun = await client.http.post(f"adbots/{adbot}/post-checks", json={"posts": ["https://t.me/channel/42"]})
    check = begun.json()["id"]
    assert (begun.status_code, begun.headers["Location"]) == (
        202,
        f"/api/v1/adbots/{adbot}/post-checks/{check}",
    )
    shown = await client.get(f"adbots/{adbot}/post-checks/{check}")
    assert (shown["status"], shown["summary"]) == ("RUNNING", "@channel/42: 3 of 3 seats have yet to answer.")
    again = await client.http.post(f"adbots/{adbot}/post-checks")
    assert (again.status_code, again.json()["id"]) == (202, check), "it is still running"

    await answer(harness, adbot, PostCheckId(UUID(check)), READS, PRIVATE, PROTECTED)

    async def done() -> dict[str, Any] | None:
        found = await client.get(f"adbots/{adbot}/post-checks/{check}")
        known = found["posts"][0]["seats"][0]["session"] == "+49…42"  # of another service
        return found if known and found["status"] == "DONE" else None

    shown = await until(done)
    assert shown["summary"] == (
        "@channel/42: 1 of 3 seats can't read it (CHANNEL_PRIVATE); its channel does not allow forwarding."
    )
    (post,) = shown["posts"]
    assert post["post"] == {"kind": "link", "channel": "@channel", "message": 42}
    assert [seat["session"] for seat in post["seats"][:2]] == ["+49…42", f"…{str(second.session)[-4:]}"]
    assert [(seat["readable"], seat["forwardable"], seat["error"]) for seat in post["seats"]] == [
        (True, True, ""),
        (False, False, "CHANNEL_PRIVATE"),
        (True, False, ""),
    ]
    assert (await client.get(f"adbots/{adbot}/post-checks"))["items"] == [shown]


async def test_a_seat_that_did_not_answer_in_time_is_said_to(client: Client, harness: GatewayHarness) -> None:
    adbot, checks = await harness.adbot(client), [PostCheckId(new_id()) for _ in range(11)]
    for number, check in enumerate(checks):
        begun = utc_now() - timedelta(hours=11 - number)
        event = PostCheckRequested(
            check=check,
            adbot=adbot,
            account=client.account,
            posts=(POST,),
            seats=SEATS,
            requested_at=begun,
            expires_at=begun + timedelta(minutes=2),
        )
        await harness.scheduler.publish(f"postchecks-{adbot}", event)
    await answer(harness, adbot, checks[-1], READS, READS)

    async def last() -> dict[str, Any] | None:
        found = (await client.get(f"adbots/{adbot}/post-checks"))["items"]
        return found[0] if found and "1 of 3" in found[0]["summary"] else None

    shown = await until(last)
    assert (shown["id"], shown["status"]) == (str(checks[-1]), "DONE")
    assert shown["summary"] == "@channel/42: 1 of 3 seats did not answer."
    assert [seat["answered"] for seat in shown["posts"][0]["seats"]] == [True, True, False]
    kept = [check["id"] for check in (await client.get(f"adbots/{adbot}/post-checks"))["items"]]
    assert kept == [str(check) for check in reversed(checks[1:])], "the oldest has ended"


async def test_a_check_of_nobodys_is_unknown_and_too_many_are_refused(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    for path in (f"adbots/{adbot}/post-checks/{uuid4()}", f"adbots/{uuid4()}/post-checks"):
        assert (await client.http.get(path)).status_code == 404
    stranger = await client.http.post(f"adbots/{uuid4()}/post-checks")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown_adbot")
    many = await client.http.post(f"adbots/{adbot}/post-checks", json={"posts": ["t.me/a/1", "t.me/b/1"]})
    assert (many.status_code, many.json()["code"]) == (429, "too_many_post_checks")
    assert many.headers["Retry-After"] == "600"
