"""`adrelay adbots statistics | groups | log` and `adrelay operations show | sessions`."""

from asyncio import gather
from datetime import timedelta
from typing import Any
from uuid import UUID

from libs.events.forwarder import AccessDenied, CycleStarted, DeliveriesRecorded, Delivery, Share
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Pacing,
    Party,
    ResultClass,
    SessionId,
)
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import Shop
from tests.support.waiting import until

BANNED = "USER_BANNED_IN_CHANNEL"


async def sent(shop: Shop) -> str:
    """Deliver an adbot, let its session send to three groups, and return its id."""
    number = (await shop.check_out())["order_number"]
    await shop.payments.pay(await shop.payment(number))
    order = await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED")
    adbot, now, cycle = AdbotId(UUID(order["adbot"])), utc_now(), CycleId(new_id())

    async def seat() -> Any:  # noqa: ANN401 - JSON
        found = (await shop.admin.get("sessions", params={"state": "ASSIGNED", "limit": 1000})).json()
        return next((one["session"] for one in found["items"] if one["adbot"] == str(adbot)), None)

    session = SessionId(UUID(await until(seat)))
    pair, groups = ApplicationId(new_id()), ("@alpha", "@bravo", "@charlie")
    started = CycleStarted(
        cycle=cycle,
        adbot=adbot,
        post=ChannelPost(channel="@channel", message=1),
        pacing=Pacing(delay_seconds=0),
        shares=(Share(session=session, pair=pair, groups=groups),),
        started_at=now,
    )
    denied = Delivery(
        group="@bravo",
        session=session,
        result=ResultClass.TARGET_DENIED,
        error=BANNED,
        party=Party.SEAT_AT_TARGET,
        at=now,
    )
    deliveries = (
        Delivery(group="@alpha", session=session, result=ResultClass.SENT, messages=(7,), at=now),
        denied,
        Delivery(
            group="@charlie", session=session, result=ResultClass.LEFT_OUT, error="DAILY_BUDGET", at=now
        ),
    )
    recorded = DeliveriesRecorded(cycle=cycle, adbot=adbot, deliveries=deliveries)
    access = AccessDenied(
        adbot=adbot,
        party=Party.SEAT_AT_TARGET,
        session=session,
        ref="@bravo",
        result=ResultClass.TARGET_DENIED,
        error=BANNED,
        until=now + timedelta(days=7),
        times=1,
        at=now,
    )
    await shop.forwarder.publish(f"access-{adbot}", access)
    await shop.forwarder.publish(f"cycle-{cycle}", started, recorded)

    async def folded() -> Any:  # noqa: ANN401 - JSON
        return (await shop.admin.get(f"adbots/{adbot}/logs")).json()["items"]

    await until(folded)
    return str(adbot)


async def test_an_adbots_figures_groups_and_log_say_who_refused_what(shop: Shop) -> None:
    adbot = await sent(shop)
    statistics, groups, log, left_out, sessions = await gather(
        adrelay(shop.url, "adbots", "statistics", adbot),
        adrelay(shop.url, "adbots", "groups", adbot),
        adrelay(shop.url, "adbots", "log", adbot, "--group", "@bravo"),
        adrelay(shop.url, "adbots", "groups", adbot, "--state", "left_out", "--json"),
        adrelay(shop.url, "operations", "sessions", "--state", "ASSIGNED"),
    )
    assert {one.err for one in (statistics, groups, log, sessions)} == {""}
    about = f"{BANNED} (this account in the group)"
    assert "1 TARGET_DENIED" in statistics.out
    assert "1 DAILY_BUDGET" in statistics.out
    assert about in statistics.out
    bravo = next(line for line in groups.out.splitlines() if line.startswith("@bravo"))
    assert "refused" in bravo
    assert f"{about} " in bravo
    assert "by +49…" in bravo
    assert bravo.endswith(BANNED)
    assert "this account in the group" in log.out
    assert "@alpha" not in log.out
    assert [one["group"] for one in left_out.document] == ["@charlie"]
    assert about in sessions.out


async def test_a_forwarder_that_does_not_answer_is_named(shop: Shop) -> None:
    ran = await adrelay(shop.url, "operations", "show")
    assert (ran.code, ran.err) == (1, "✗ service_unavailable: forwarder does not answer\n")
