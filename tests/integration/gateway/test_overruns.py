"""Cycles that take longer than the interval: a warning, one notification, and the operator's view."""

from datetime import timedelta
from typing import Any

import httpx

from libs.events.cadence import Cadence
from libs.events.forwarding import ForwardingFigures, WorkerFigures
from libs.events.scheduler import (
    AdbotStarted,
    AdvertisementSet,
    CycleDue,
    CycleSkipped,
    PacingSet,
    SkipReason,
)
from libs.events.values import CycleId, Pacing, Seat
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.answering import answering_operators
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import PAIR, POST, Advertised, advertised
from tests.support.waiting import until

GROUPS = tuple(f"@group_{number}" for number in range(1000))


def started(ad: Advertised) -> AdbotStarted:
    return AdbotStarted(adbot=ad.adbot, started_at=utc_now(), anchor=utc_now(), interval_seconds=3600)


def due(ad: Advertised, number: int) -> CycleDue:
    return CycleDue(
        cycle=CycleId(new_id()),
        adbot=ad.adbot,
        account=ad.client.account,
        number=number,
        due_at=utc_now(),
        post=POST,
        groups=GROUPS,
        seats=tuple(Seat(session=session, pair=PAIR) for session in ad.seats),
        pacing=Pacing(delay_seconds=10, jitter_seconds=4),
    )


def skipped(ad: Advertised, reason: SkipReason = SkipReason.OVERRUN) -> CycleSkipped:
    return CycleSkipped(adbot=ad.adbot, due_at=utc_now(), reason=reason)


async def notified(client: Client) -> list[str]:
    found = (await client.get("notifications"))["items"]
    return [one["detail"] for one in found if one["kind"] == "cycles_overrun"]


async def test_an_advertisement_too_large_for_the_interval_is_warned_of(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, *GROUPS)
    warning = (await client.get(ad.path))["warning"]
    assert "1000 groups with 2 seats, a send each 11.5 s, need 1 hour 35 minutes" in warning
    schedule = f"schedule-{ad.adbot}"
    faster = PacingSet(
        adbot=ad.adbot, delay_seconds=5, jitter_seconds=1, cadence=Cadence(), next_due=utc_now()
    )
    await harness.scheduler.publish(schedule, faster)

    async def told() -> Any:  # noqa: ANN401 - JSON
        return await client.get(ad.path)

    await until(told, lambda state: state["warning"] is None)
    slower = faster.model_copy(update={"delay_seconds": 20})
    await harness.scheduler.publish(schedule, slower)
    await until(told, lambda state: state["warning"] and "a send each 20.5 s" in state["warning"])
    fewer = AdvertisementSet(adbot=ad.adbot, post=POST, groups=GROUPS[:10])
    await harness.scheduler.publish(schedule, fewer)
    await until(told, lambda state: state["warning"] is None)


async def test_cycles_that_overrun_often_notify_once_until_the_settings_change(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, *GROUPS)
    schedule = f"schedule-{ad.adbot}"
    await harness.scheduler.publish(schedule, started(ad), due(ad, 1), skipped(ad), due(ad, 2), skipped(ad))
    await harness.scheduler.publish(schedule, skipped(ad, SkipReason.QUIET))

    async def overruns() -> Any:  # noqa: ANN401 - JSON
        return (await client.get(f"{ad.path}/statistics"))["cycles_overrun"]

    await until(overruns, lambda count: count == 2)
    assert await notified(client) == []
    for count in range(3, 7):  # the reader of reactions may be ahead of the read models
        await harness.scheduler.publish(schedule, due(ad, count), skipped(ad))
        await until(overruns, count.__eq__)

    async def told() -> list[str]:
        return await notified(client)

    [detail] = await until(told)
    assert "1000 groups with 2 seats need 1 hour 40 minutes or more; use more seats" in detail
    assert client.order in detail
    assert (await client.get(f"{ad.path}/statistics"))["cycles_skipped"] == 7
    await harness.scheduler.publish(schedule, AdvertisementSet(adbot=ad.adbot, post=POST, groups=GROUPS[:9]))

    async def changed() -> Any:  # noqa: ANN401 - JSON
        return len((await client.get(ad.path))["advertisement"]["groups"])

    await until(changed, lambda groups: groups == 9)
    assert len(await notified(client)) == 1
    await harness.scheduler.publish(schedule, skipped(ad))
    await until(told, lambda found: len(found) == 2)


async def test_the_operator_sees_the_work_that_waits(
    client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    silent = await admin.get("forwarding")
    assert (silent.status_code, silent.json()["detail"]) == (503, "forwarder does not answer")
    now = utc_now()
    figures = ForwardingFigures(
        at=now,
        pending_sends=600,
        running_cycles=3,
        oldest_cycle=now - timedelta(minutes=5),
        sessions_with_work=4,
        sessions_without_worker=1,
        sessions_resting=2,
        paced_seconds=90.0,
        workers=(WorkerFigures(worker="worker-1", sessions=3, sends_a_minute=12.0),),
    )
    ad = await advertised(harness, client, *GROUPS)
    await harness.scheduler.publish(
        f"schedule-{ad.adbot}", started(ad), due(ad, 1), *(skipped(ad) for _ in range(3))
    )

    async def shown() -> Any:  # noqa: ANN401 - JSON
        found = await admin.get("forwarding")
        return found.json() if found.status_code == 200 else None

    async def sends() -> Any:  # noqa: ANN401 - JSON
        queues = (await admin.get("health")).json()["queues"]
        return {one["queue"]: one["waiting"] for one in queues}["sends"]

    def overruns(found: Any) -> bool:  # noqa: ANN401 - JSON
        return str(ad.adbot) in {one["adbot"] for one in found["overrunning"]}

    async with answering_operators(harness, "forwarder", figures=figures):
        found = await until(shown, overruns)
        assert await until(sends) == 600  # once the forwarder answers in time
    [own] = [one for one in found["overrunning"] if one["adbot"] == str(ad.adbot)]
    assert (own["overruns"], own["groups"], own["seats"], own["cycle_seconds"]) == (3, 1000, 2, 6000.0)
    assert (found["pending_sends"], found["sends_a_minute"], found["seconds_to_empty"]) == (600, 12.0, 3000.0)
    assert (found["sessions_without_worker"], found["sessions_resting"]) == (1, 2)
    assert found["workers"] == [{"worker": "worker-1", "sessions": 3, "sends_a_minute": 12.0}]
