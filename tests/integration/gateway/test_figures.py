"""Figures of adbots, seats, groups and sessions; the log's filters and pages; denials by group."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from libs.events.forwarder import (
    AccessDenied,
    AccessRegained,
    GroupJoined,
    JoinRequested,
    MethodRested,
    RegainReason,
    SeatRested,
    SessionDied,
)
from libs.events.provisioning import SeatsReleased, SessionReleased
from libs.events.values import Method, Party, ResultClass, SessionLoss
from libs.eventsourcing.values import utc_now
from services.gateway.reactions import WAITS_FOR_APPROVAL
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import Advertised, advertised, delivery
from tests.support.waiting import until

SENT, DENIED, LEFT_OUT = ResultClass.SENT, ResultClass.TARGET_DENIED, ResultClass.LEFT_OUT
BANNED = "USER_BANNED_IN_CHANNEL"
INVITE = "+AbCdEfGhIjKlMnOp"


async def by_group(client: Client, path: str, **parameters: object) -> dict[str, Any]:
    answer = await client.http.get(f"{path}/groups", params={k: str(v) for k, v in parameters.items()})
    assert answer.status_code == 200, answer.text
    return {one["group"]: one for one in answer.json()["items"]}


async def test_each_group_has_its_figures_and_says_who_refused_it(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, "@alpha", "@bravo/7", "@charlie", "@delta")
    one, two = ad.seats
    await ad.send(delivery("@alpha", one, SENT), delivery("@bravo/7", two, SENT))
    await ad.send(
        delivery("@alpha", one, SENT),
        delivery("@bravo/7", two, DENIED, BANNED, Party.SEAT_AT_TARGET),
        delivery("@charlie", two, LEFT_OUT, "DAILY_BUDGET"),
    )
    groups = await by_group(client, ad.path)
    assert {name: one["state"] for name, one in groups.items()} == {
        "@alpha": "delivered",
        "@bravo/7": "refused",
        "@charlie": "left_out",
        "@delta": "waiting",
    }
    alpha, bravo, charlie = groups["@alpha"], groups["@bravo/7"], groups["@charlie"]
    assert (alpha["posts"], alpha["successes"], alpha["failures"], alpha["last_failure"]) == (2, 2, {}, None)
    assert (bravo["posts"], bravo["successes"], bravo["failures"]) == (2, 1, {"TARGET_DENIED": 1})
    assert (bravo["topic"], alpha["topic"], bravo["advertised"]) == (7, None, True)
    failure = bravo["last_failure"]
    assert (failure["error"], failure["party"]) == (BANNED, "SEAT_AT_TARGET")
    assert (failure["about"], failure["session"]) == ("this account in the group", "+49…02")
    assert (charlie["posts"], charlie["left_out"], charlie["failures"]) == (0, 1, {})
    assert charlie["last_error"] == "DAILY_BUDGET"


async def test_groups_are_listed_by_state_and_in_pages(client: Client, harness: GatewayHarness) -> None:
    names = [f"@group_{letter}" for letter in "abcde"]
    ad = await advertised(harness, client, *names)
    await ad.send(*(delivery(name, ad.seats[0], SENT) for name in names[:3]))
    assert list(await by_group(client, ad.path, state="delivered")) == names[:3]
    assert list(await by_group(client, ad.path, state="waiting")) == names[3:]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.http.get(f"{ad.path}/groups", params={"limit": "2", **cursor})).json()
        found += [one["group"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == names
    for malformed in ("x", "AA==", "gw=="):
        answer = await client.http.get(f"{ad.path}/groups", params={"cursor": malformed})
        assert answer.status_code == 422, malformed


async def test_what_is_left_out_is_neither_sent_nor_failed(client: Client, harness: GatewayHarness) -> None:
    ad = await advertised(harness, client, "@alpha", "@bravo", "@charlie", "@delta", "@echo")
    one, two = ad.seats
    await ad.send(
        delivery("@alpha", one, SENT),
        delivery("@bravo", one, LEFT_OUT, "STILL_NEWEST"),
        delivery("@charlie", two, LEFT_OUT, "FLOOD_WAIT_17"),
        delivery("@delta", None, LEFT_OUT, "FLOOD_WAIT_4711"),
        delivery("@echo", None, DENIED, BANNED, Party.SEAT_AT_TARGET),
    )
    figures = await client.get(f"{ad.path}/statistics")
    assert (figures["posts"], figures["successes"], figures["failures"]) == (2, 1, {"TARGET_DENIED": 1})
    assert (figures["left_out"], figures["not_sent"]) == (3, 0)
    assert figures["left_out_because"] == {"FLOOD_WAIT": 2, "STILL_NEWEST": 1}
    failure = figures["last_failure"]
    assert (failure["group"], failure["about"]) == ("@echo", "every account in the group")
    seats = {seat["session"]: seat for seat in figures["seats"]}
    assert (seats["+49…01"]["posts"], seats["+49…01"]["left_out"]) == (1, 1)
    assert (seats["+49…02"]["posts"], seats["+49…02"]["failures"]) == (0, {})


async def test_a_session_has_its_figures_by_day_and_its_rests(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    ad, now = await advertised(harness, client, "@alpha", "@bravo"), utc_now()
    session = ad.seats[0]
    long_ago = now - timedelta(days=31)  # so long ago that the log does not keep it
    await ad.publish(delivery("@alpha", session, SENT, at=long_ago), at=long_ago)
    await ad.send(
        delivery("@alpha", session, SENT, at=now - timedelta(days=1)),
        delivery("@bravo", session, DENIED, BANNED, Party.TARGET, at=now - timedelta(days=1)),
        at=now - timedelta(days=1),
    )
    await ad.send(delivery("@alpha", session, SENT, at=now), at=now)
    until_ = now + timedelta(seconds=900)
    rested = SeatRested(
        session=session, until=until_, result=ResultClass.RATE_LIMITED, error="FLOOD_WAIT_900"
    )
    await harness.forwarder.publish(f"client-{session}", rested)

    async def own() -> Any:  # noqa: ANN401 - JSON
        return next(
            seat
            for seat in (await client.get(f"{ad.path}/statistics"))["seats"]
            if seat["session"] == "+49…01"
        )

    seat = await until(own, lambda seat: seat["flood_waits"])
    assert (datetime.fromisoformat(seat["rests_until"]), seat["rest_error"]) == (until_, "FLOOD_WAIT_900")

    found: dict[str, Any] = {}
    cursor: dict[str, str] = {}
    while str(session) not in found:
        page = (await admin.get("sessions", params={"state": "ASSIGNED", "limit": "1", **cursor})).json()
        found |= {one["session"]: one for one in page["items"]}
        cursor = {"cursor": page["next"] or ""}
    shown = found[str(session)]
    assert (shown["phone"], shown["adbot"], shown["state"]) == ("+49…01", str(ad.adbot), "ASSIGNED")
    assert (shown["posts"], shown["successes"], shown["flood_waits"]) == (4, 3, 1)
    today, yesterday = now.date(), (now - timedelta(days=1)).date()
    assert shown["days"] == [
        {"day": str(today), "sent": 1, "failed": 0, "left_out": 0},
        {"day": str(yesterday), "sent": 1, "failed": 1, "left_out": 0},
    ]
    assert (await client.http.get(str(admin.base_url.join("sessions")))).status_code == 403


async def test_a_client_sees_no_figures_of_a_sessions_earlier_adbot(
    client: Client, harness: GatewayHarness
) -> None:
    before = await advertised(harness, client, "@alpha")
    await before.send(delivery("@alpha", before.seats[0], SENT))
    other = await harness.client()
    after = Advertised(harness, other, await harness.adbot(other), ("@alpha",))
    released = SessionReleased(session=before.seats[0], adbot=before.adbot)
    await harness.provisioning.publish(f"session-{before.seats[0]}", released)
    await after.assign(before.seats[:1])
    [seat] = (await other.get(f"{after.path}/statistics"))["seats"]
    assert (seat["session"], seat["posts"], seat["last_activity"]) == ("+49…01", 0, None)


async def test_a_group_says_who_does_not_ask_it_again_and_until_when(
    client: Client, harness: GatewayHarness
) -> None:
    ad, now = await advertised(harness, client, "@alpha"), utc_now()
    denied = AccessDenied(
        adbot=ad.adbot,
        party=Party.SEAT_AT_TARGET,
        session=ad.seats[0],
        ref="@alpha",
        result=DENIED,
        error=BANNED,
        until=now + timedelta(days=7),
        times=1,
        at=now,
    )
    ended = denied.model_copy(update={"session": ad.seats[1], "until": now - timedelta(seconds=1)})
    await harness.forwarder.publish(f"access-{ad.adbot}", ended, denied)

    async def denials() -> Any:  # noqa: ANN401 - JSON
        return (await by_group(client, ad.path))["@alpha"]["denials"]

    [denial] = await until(denials)
    assert datetime.fromisoformat(denial["until"]) == denied.until
    assert (denial["error"], denial["about"], denial["session"]) == (
        BANNED,
        "this account in the group",
        "+49…01",
    )
    lifted = AccessRegained(adbot=ad.adbot, session=None, ref="@alpha", error=None, why=RegainReason.LIFTED)
    await harness.forwarder.publish(f"access-{ad.adbot}", lifted)
    await until(denials, lambda found: found == [])


async def test_a_group_says_which_seats_wait_for_an_admins_approval_and_the_client_is_told(
    client: Client, harness: GatewayHarness
) -> None:
    ad, now = await advertised(harness, client, INVITE), utc_now()
    asked = [JoinRequested(adbot=ad.adbot, session=seat, group=INVITE, at=now) for seat in ad.seats]
    await harness.forwarder.publish(f"access-{ad.adbot}", *asked)

    async def requests() -> list[str]:
        return [one["session"] for one in (await by_group(client, ad.path))[INVITE]["join_requests"]]

    await until(requests, lambda found: found == ["+49…01", "+49…02"])

    async def told() -> Any:  # noqa: ANN401 - JSON
        items = (await client.get("notifications"))["items"]
        return [one for one in items if one["kind"] == "join_requested"]

    first, second = await until(told, lambda found: len(found) == 2)
    assert (first["group"], first["mail"], first["order_number"]) == (INVITE, "none", client.order)
    assert first["detail"] == second["detail"] == WAITS_FOR_APPROVAL

    joined = GroupJoined(
        adbot=ad.adbot, session=ad.seats[0], group=INVITE, chat=4711, approved=True, at=utc_now()
    )
    await harness.forwarder.publish(f"access-{ad.adbot}", joined)
    await until(requests, lambda found: found == ["+49…02"])
    died = SessionDied(session=ad.seats[1], loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
    await harness.forwarder.publish(f"client-{ad.seats[1]}", died)
    await until(requests, lambda found: found == [])


async def test_a_session_shows_the_methods_that_it_does_not_call(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    ad, now = await advertised(harness, client, "@alpha"), utc_now()
    session, later = ad.seats[0], now + timedelta(hours=1)
    rest = MethodRested(session=session, method=Method.RESOLVE, until=later, error="FLOOD_WAIT_3600")
    ended = {"method": Method.JOIN, "until": now - timedelta(seconds=1), "error": "FLOOD_WAIT_5"}
    shorter = {"until": now + timedelta(minutes=1), "error": "FLOOD_WAIT_60"}
    rests = [rest.model_copy(update=shorter), rest, rest.model_copy(update=ended)]
    await harness.forwarder.publish(f"client-{session}", *rests)

    async def shown() -> Any:  # noqa: ANN401 - JSON
        page = (await admin.get("sessions", params={"state": "ASSIGNED", "limit": "1000"})).json()
        return next(one["method_rests"] for one in page["items"] if one["session"] == str(session))

    [found] = await until(shown, lambda found: found and found[0]["error"] == "FLOOD_WAIT_3600")
    assert (found["method"], datetime.fromisoformat(found["until"])) == ("resolve", later)
    died = SessionDied(session=session, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
    await harness.forwarder.publish(f"client-{session}", died)
    await until(shown, lambda found: found == [])


async def test_the_figures_of_groups_end(client: Client, harness: GatewayHarness) -> None:
    ad, now = await advertised(harness, client, "@alpha"), utc_now()
    long_ago = now - timedelta(days=91)
    await ad.send(delivery("@alpha", None, SENT), delivery("@old_group", None, SENT, at=long_ago))
    assert (await by_group(client, ad.path))["@old_group"]["advertised"] is False
    await ad.send(delivery("@alpha", None, SENT))
    assert list(await by_group(client, ad.path)) == ["@alpha"]
    await harness.provisioning.publish(f"adbot-{ad.adbot}", SeatsReleased(adbot=ad.adbot))

    async def alpha() -> Any:  # noqa: ANN401 - JSON
        return (await by_group(client, ad.path))["@alpha"]["state"]

    await until(alpha, lambda state: state == "waiting")
    assert (await client.get(f"{ad.path}/statistics"))["successes"] == 3


async def test_the_log_is_filtered_and_paged(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    ad = await advertised(harness, client, "@alpha", "@bravo")
    now = utc_now()  # all at one instant: the position in the event decides
    await ad.send(
        delivery("@alpha", ad.seats[0], SENT, at=now),
        delivery("@bravo", ad.seats[0], DENIED, BANNED, Party.ACCOUNT, at=now),
    )
    await ad.send(
        delivery("@alpha", ad.seats[0], DENIED, BANNED, Party.TARGET, at=now),
        delivery("@bravo", ad.seats[0], SENT, at=now),
    )

    async def lines(**parameters: str) -> list[tuple[str, str, str | None]]:
        answer = await client.http.get(f"{ad.path}/logs", params=parameters)
        assert answer.status_code == 200, answer.text
        return [(one["group"], one["result"], one["about"]) for one in answer.json()["items"]]

    every = [
        ("@bravo", "SENT", None),
        ("@alpha", "TARGET_DENIED", "the group"),
        ("@bravo", "TARGET_DENIED", "this account"),
        ("@alpha", "SENT", None),
    ]
    assert await lines() == every
    assert await lines(group="@Alpha") == [every[1], every[3]]
    assert await lines(result="SENT") == [every[0], every[3]]
    assert await lines(group="@bravo", result="TARGET_DENIED") == [every[2]]
    paged, cursor = list[str](), dict[str, str]()
    for _ in every:
        path = f"adbots/{ad.adbot}/logs"
        page = (await admin.get(path, params={"limit": "1", **cursor})).json()
        paged += [one["group"] for one in page["items"]]
        cursor = {"cursor": page["next"] or ""}
    assert (paged, cursor) == ([group for group, _, _ in every], {"cursor": ""})
    assert (await client.http.get(f"{ad.path}/logs", params={"cursor": "MjAyNiAxIDE="})).status_code == 422
