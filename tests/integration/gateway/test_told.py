"""What the owner of an adbot is told in the app, each time once, and what was read."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from libs.events.forwarder import CycleFinished, DeliveriesRecorded
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
)
from libs.events.scheduler import AdbotStopped, GroupConfirmed, StopReason
from libs.events.values import (
    AdbotId,
    ApplicationId,
    CycleId,
    Party,
    ResultClass,
    Seat,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import delivery
from tests.support.queries import Queries
from tests.support.waiting import until

GROUPS = tuple(f"@group_{number:02}" for number in range(12))


async def told(client: Client, *kinds: str) -> list[dict[str, Any]]:
    """Return the notifications about the client's adbots, the oldest first, once they are of these kinds."""

    async def found() -> list[dict[str, Any]]:
        items = (await client.get("notifications"))["items"]
        return [one for one in reversed(items) if one["adbot"] is not None]

    return await until(found, lambda items: [one["kind"] for one in items] == list(kinds))


@asynccontextmanager
async def closing_queries(url: str) -> AsyncGenerator[Queries]:
    queries = Queries(url)
    try:
        yield queries
    finally:
        await queries.close()


def seat() -> Seat:
    return Seat(session=SessionId(new_id()), pair=ApplicationId(new_id()))


async def test_a_lost_seat_and_its_replacement_are_told_once_each(
    client: Client, harness: GatewayHarness
) -> None:
    adbot, lost, now = await harness.adbot(client, seats=2), SessionId(new_id()), utc_now()
    until_ = now + timedelta(days=30)
    filled = SeatFilled(adbot=adbot, seat=seat(), valid_from=now, valid_until=until_)
    await harness.provisioning.publish(
        f"adbot-{adbot}", SeatLost(adbot=adbot, session=lost, loss=SessionLoss.BANNED), filled
    )
    ready, loss, replaced = await told(client, "adbot_ready", "seat_lost", "seat_replaced")
    assert "set your post and your groups" in ready["detail"]
    assert (loss["reason"], replaced["reason"]) == ("BANNED", "BANNED")
    assert "it was replaced" in replaced["detail"]
    assert {one["order_number"] for one in (ready, loss, replaced)} == {client.order}
    further = SeatFilled(adbot=adbot, seat=seat(), valid_from=now, valid_until=until_)  # no loss before it
    suspended, restored = AdbotSuspended(adbot=adbot, reason="secret"), AdbotRestored(adbot=adbot)
    await harness.provisioning.publish(f"adbot-{adbot}", further, suspended, restored)
    *_, suspension, _ = await told(
        client, "adbot_ready", "seat_lost", "seat_replaced", "adbot_suspended", "adbot_restored"
    )
    assert "secret" not in suspension["detail"]


async def test_an_adbot_without_stock_waits_and_is_ready_with_its_first_seat(
    client: Client, harness: GatewayHarness
) -> None:
    adbot, now = AdbotId(new_id()), utc_now()
    provisioned = AdbotProvisioned(
        adbot=adbot,
        order=client.order,
        account=client.account,
        plan=BRONZE,
        seats=(),
        valid_from=None,
        valid_until=None,
    )
    await harness.provisioning.publish(f"adbot-{adbot}", provisioned, SeatsAwaited(adbot=adbot, missing=1))
    await told(client, "adbot_waiting")
    end = now + timedelta(days=30)
    filled = [SeatFilled(adbot=adbot, seat=seat(), valid_from=now, valid_until=end) for _ in range(2)]
    await harness.provisioning.publish(f"adbot-{adbot}", *filled)
    _, ready = await told(client, "adbot_waiting", "adbot_ready")
    assert ready["valid_until"] == end.isoformat().replace("+00:00", "Z")


async def test_only_stops_of_which_the_owner_does_not_hear_otherwise_are_told(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    silent = (StopReason.REQUESTED, StopReason.EXPIRED, StopReason.SUSPENDED)
    for reason in (*silent, StopReason.SEATLESS, StopReason.SOURCE_BROKEN):
        await harness.scheduler.publish(f"schedule-{adbot}", AdbotStopped(adbot=adbot, reason=reason))
    _, seatless, broken = await told(client, "adbot_ready", "adbot_stopped", "adbot_stopped")
    assert (seatless["reason"], broken["reason"]) == ("seatless", "source_broken")
    assert "its post can't be forwarded" in broken["detail"]


async def test_the_owner_is_warned_before_the_end_and_an_extension_moves_the_warning(
    client: Client, harness: GatewayHarness
) -> None:
    adbot, now = await harness.adbot(client), utc_now()
    fake = harness.provisioning

    async def publish(*events: AdbotExtended) -> None:
        """Publish as if an hour ago, when the time of the warnings had still to come."""
        await fake.pause()
        await fake.publish(f"adbot-{adbot}", *events)
        earlier = "update engine.events set at = $1 where stream = $2 and version > 1"
        await fake.engine.pool.execute(earlier, now - timedelta(hours=1), f"adbot-{adbot}")
        fake.resume()

    def extended(valid_until: Any) -> AdbotExtended:  # noqa: ANN401 - an instant
        return AdbotExtended(
            adbot=adbot,
            account=client.account,
            order=None,
            days=1,
            reason="a test",
            valid_from=now,
            valid_until=valid_until,
        )

    soon, later = now + timedelta(days=3), now + timedelta(days=1)
    far, short = now + timedelta(days=90), now + timedelta(hours=2)
    await publish(extended(soon))
    warned = ["adbot_ready", "extended", "expiring"]
    first = (await told(client, *warned))[-1]
    assert "ends in 3 days" in first["detail"]
    assert first["valid_until"] == soon.isoformat().replace("+00:00", "Z")
    await publish(extended(far), extended(short), extended(later))
    warned += ["extended", "extended", "extended", "expiring"]  # none about the two ends between
    assert "ends in 1 day;" in (await told(client, *warned))[-1]["detail"]
    await harness.provisioning.publish(f"adbot-{adbot}", AdbotExpired(adbot=adbot))
    await told(client, *warned, "expired")


async def test_dead_groups_are_told_once_a_cycle_and_again_only_after_a_confirmation_or_delivery(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)

    async def cycle(*dead: str, alive: tuple[str, ...] = (), broken: tuple[str, ...] = ()) -> None:
        cycle, denied = CycleId(new_id()), ResultClass.TARGET_DENIED
        lines = [delivery(one, None, denied, "CHAT_WRITE_FORBIDDEN", Party.TARGET) for one in dead]
        lines += [delivery(one, None, ResultClass.SENT) for one in alive]
        lines += [delivery(one, None, denied, "CHANNEL_PRIVATE", Party.SEAT_AT_SOURCE) for one in broken]
        finished = CycleFinished(cycle=cycle, adbot=adbot, counts={denied: 1}, started_at=utc_now())
        recorded = DeliveriesRecorded(cycle=cycle, adbot=adbot, deliveries=tuple(lines))
        await harness.forwarder.publish(f"cycle-{cycle}", recorded, finished)

    await cycle(*GROUPS, broken=("@other_group",))
    kinds = ["adbot_ready", "groups_dead"]
    first = (await told(client, *kinds))[-1]
    assert (first["groups"], first["more_groups"]) == (list(GROUPS[:10]), 2)
    assert "in 12 groups" in first["detail"]
    await cycle(*GROUPS)
    await cycle(*GROUPS[1:], alive=GROUPS[:1])
    async with closing_queries(harness.gateway_database) as tables:

        async def known(group: str) -> Any:  # noqa: ANN401 - whether the group counts as dead
            query = "select count(*) from dead_groups.dead_groups where adbot = $1 and grp = $2"
            return await tables.value(query, adbot, group)

        await until(lambda: known(GROUPS[0]), lambda count: count == 0)
        confirmed = GroupConfirmed(adbot=adbot, group=GROUPS[1])  # of another service, so without an order
        await harness.scheduler.publish(f"confirmations-{adbot}", confirmed)
        await until(lambda: known(GROUPS[1]), lambda count: count == 0)
    await cycle(*GROUPS, "@new_group")
    second = (await told(client, *kinds, "groups_dead"))[-1]
    assert (second["groups"], second["more_groups"]) == ([*GROUPS[:2], "@new_group"], 0)


async def test_notifications_are_marked_as_read_singly_up_to_one_and_all(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    for _ in range(3):
        stopped = AdbotStopped(adbot=adbot, reason=StopReason.SOURCE_BROKEN)
        await harness.scheduler.publish(f"schedule-{adbot}", stopped)
    kinds = ("adbot_ready", "adbot_stopped", "adbot_stopped", "adbot_stopped")
    ready, *_, last = await told(client, *kinds)

    async def read(body: dict[str, Any]) -> int:
        answer = await client.http.post("notifications/read", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["unread"])

    stranger = str(new_id())
    assert await read({"ids": [last["id"], stranger]}) == 4
    assert await read({"ids": [last["id"]]}) == 4
    assert await read({"before": ready["id"]}) == 2
    unread = (await client.http.get("notifications", params={"unread": "true", "limit": 1})).json()
    assert (len(unread["items"]), unread["unread"]) == (1, 2)
    parameters = {"unread": "true", "cursor": unread["next"]}
    rest = (await client.http.get("notifications", params=parameters)).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert rest["items"][0]["id"] != unread["items"][0]["id"]
    other = await harness.client()
    foreign = await other.http.post("notifications/read", json={"before": ready["id"]})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown_notification")
    assert await read({"all": True}) == 0
    assert all(one["read_at"] for one in (await client.get("notifications"))["items"])
    wrong: tuple[dict[str, Any], ...] = ({}, {"all": True, "before": ready["id"]}, {"ids": []})
    for body in wrong:
        assert (await client.http.post("notifications/read", json=body)).status_code == 422


async def test_the_list_of_notifications_continues_where_a_page_ended(
    client: Client, harness: GatewayHarness
) -> None:
    await harness.adbot(client)
    await told(client, "adbot_ready")
    whole = [one["id"] for one in (await client.get("notifications"))["items"]]
    page = (await client.http.get("notifications", params={"limit": 1})).json()
    rest = (await client.http.get("notifications", params={"cursor": page["next"]})).json()
    assert [one["id"] for one in (*page["items"], *rest["items"])] == whole
    wrong = await client.http.get("notifications", params={"cursor": "bm90aGluZw=="})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "query.cursor")
