"""What a client sees of a running cycle, of the end of a log, and of the accepted coins."""

from typing import Any

import httpx

from libs.events.forwarder import AbortReason, CycleAborted, CycleFinished, DeliveriesRecorded
from libs.events.scheduler import CycleDue
from libs.events.values import CycleId, Pacing, ResultClass, Seat
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.sending import PAIR, POST, Advertised, advertised, delivery
from tests.support.waiting import until

GROUPS = ("@first", "@second", "@third", "@fourth")


def due(ad: Advertised, cycle: CycleId, number: int) -> CycleDue:
    return CycleDue(
        cycle=cycle,
        adbot=ad.adbot,
        account=ad.client.account,
        number=number,
        due_at=utc_now(),
        post=POST,
        groups=ad.groups,
        seats=tuple(Seat(session=seat, pair=PAIR) for seat in ad.seats),
        pacing=Pacing(delay_seconds=1),
    )


async def progress(ad: Advertised) -> Any:  # noqa: ANN401 - JSON
    return (await ad.client.get(ad.path))["cycles"]["running"]


async def test_a_running_cycle_shows_how_far_it_has_come(client: Client, harness: GatewayHarness) -> None:
    ad = await advertised(harness, client, *GROUPS)
    assert await progress(ad) is None
    started = ad.started()
    await harness.scheduler.publish(f"schedule-{ad.adbot}", due(ad, started.cycle, 3))
    waiting = await until(lambda: progress(ad))
    assert (waiting["number"], waiting["groups"], waiting["started_at"], waiting["sent"]) == (3, 4, None, 0)
    seat = ad.seats[0]
    recorded = DeliveriesRecorded(
        cycle=started.cycle,
        adbot=ad.adbot,
        deliveries=(
            delivery("@first", seat, ResultClass.SENT),
            delivery("@second", seat, ResultClass.SLOW_MODE, "SLOWMODE_WAIT_17"),
            delivery("@third", seat, ResultClass.LEFT_OUT, "STILL_NEWEST"),
        ),
    )
    stream = f"cycle-{started.cycle}"
    await harness.forwarder.publish(stream, started, recorded)
    shown = await until(lambda: progress(ad), lambda found: found["sent"])
    assert (shown["sent"], shown["failed"], shown["left_out"], shown["groups"]) == (1, 1, 1, 4)
    assert shown["started_at"] is not None
    counts = {ResultClass.SENT: 4}
    finished = CycleFinished(
        cycle=started.cycle, adbot=ad.adbot, counts=counts, started_at=started.started_at
    )
    await harness.forwarder.publish(stream, finished)

    async def ended() -> bool:
        return await progress(ad) is None

    await until(ended)


async def test_a_cycle_that_ended_early_is_running_no_longer_and_the_next_one_is(
    client: Client, harness: GatewayHarness
) -> None:
    ad = await advertised(harness, client, *GROUPS)
    cycle = CycleId(new_id())
    schedule = f"schedule-{ad.adbot}"
    await harness.scheduler.publish(schedule, due(ad, cycle, 1))
    await until(lambda: progress(ad))
    aborted = CycleAborted(
        cycle=cycle, adbot=ad.adbot, reason=AbortReason.STOPPED, counts={}, started_at=utc_now()
    )
    await harness.forwarder.publish(f"cycle-{cycle}", aborted)

    async def ended() -> bool:
        return await progress(ad) is None

    await until(ended)
    await harness.scheduler.publish(schedule, due(ad, CycleId(new_id()), 2))
    assert (await until(lambda: progress(ad)))["number"] == 2


async def test_a_log_says_since_when_its_lines_are_kept(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    log = await client.get(f"adbots/{adbot}/logs")
    assert (log["items"], log["next"]) == ([], None)
    assert log["kept_since"] < utc_now().isoformat()


async def test_the_accepted_coins_are_listed_without_a_token(
    http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    coins = (await http.get("/api/v1/coins")).json()["items"]
    assert {"code": "USDT", "provider_code": "usdttrc20"} in coins
    assert [coin["code"] for coin in coins] == ["BTC", "ETH", "LTC", "SOL", "USDT"]
    async with harness.gateway(coins="DOGE=doge") as other:
        coins = (await other.get("/api/v1/coins")).json()["items"]
    assert coins == [{"code": "DOGE", "provider_code": "doge"}]


async def test_an_advertisement_may_be_sent_back_as_it_was_answered(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    path = f"adbots/{adbot}/advertisement"
    body = {"post": "https://t.me/channel/42", "groups": ["@group"], "options": {"author": False}}
    answer = await client.http.put(path, json=body)
    shown = answer.json()["advertisement"]
    assert shown["post"] == {"kind": "link", "channel": "@channel", "message": 42}
    again = await client.http.put(path, json=shown)
    assert (again.status_code, again.json()["advertisement"]) == (200, shown)
