"""What owners of adbots are told by mail, when a mail is left out, and what is only shown in the app."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from libs.events.billing import OrderPlaced
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    SeatFilled,
    SeatLost,
)
from libs.events.values import AdbotId, ApplicationId, Seat, SessionId, SessionLoss
from libs.eventsourcing import Causes, CommandHandlers, UnitOfWork
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.fake_services import BRONZE, FakeService, append
from tests.integration.mails.harness import MailHarness, address_of, token
from tests.support.waiting import until

OVER = "given up: what it says was over before, or is in a later mail"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provisioning(shared_harness: MailHarness) -> AsyncIterator[FakeService]:
    """Yield a fake provisioning, one per file."""
    url = await shared_harness.new_database()
    nats, prefix = shared_harness.nats.url, shared_harness.prefix
    async with FakeService("provisioning", url, nats, prefix, CommandHandlers()) as service:
        yield service


def seat() -> Seat:
    return Seat(session=SessionId(new_id()), pair=ApplicationId(new_id()))


def provisioned(placed: OrderPlaced) -> AdbotProvisioned:
    now = utc_now()
    return AdbotProvisioned(
        adbot=AdbotId(new_id()),
        order=placed.order,
        account=placed.account,
        plan=BRONZE,
        seats=(seat(),),
        valid_from=now,
        valid_until=now + timedelta(days=30),
    )


async def delivered(harness: MailHarness, provisioning: FakeService) -> tuple[AdbotProvisioned, str]:
    """Return an adbot of which its owner was told, and the owner's address."""
    placed = await harness.place()
    await harness.mails.wait_for(placed.email, subject="Your order")
    adbot = provisioned(placed)
    await provisioning.publish(f"adbot-{adbot.adbot}", adbot)
    (mail,) = await harness.mails.wait_for(placed.email, subject="is ready")
    assert mail.subject == "Your adbot Bronze is ready"
    assert placed.order in mail.text
    return adbot, address_of(placed)


async def let_pass(harness: MailHarness, mails: int) -> None:
    """Let the time pass for which this many mails about seats wait for what may make them superfluous."""
    waiting = (
        "select count(*) from outbox.outbox join notifications.notifications n using (notification) "
        "where n.kind in ('seat_lost', 'seat_replaced')"
    )
    await until(lambda: harness.row(waiting), lambda count: count == mails)
    await harness.row(
        "update outbox.outbox o set try_at = now() from notifications.notifications n "
        "where n.notification = o.notification and n.kind in ('seat_lost', 'seat_replaced') returning 1"
    )


async def test_a_lost_seat_that_is_filled_at_once_is_one_mail(
    running: MailHarness, provisioning: FakeService
) -> None:
    adbot, email = await delivered(running, provisioning)
    lost = SeatLost(adbot=adbot.adbot, session=SessionId(new_id()), loss=SessionLoss.BANNED)
    assert adbot.valid_from is not None
    assert adbot.valid_until is not None
    filled = SeatFilled(
        adbot=adbot.adbot, seat=seat(), valid_from=adbot.valid_from, valid_until=adbot.valid_until
    )
    await provisioning.publish(f"adbot-{adbot.adbot}", lost, filled)
    await let_pass(running, 2)
    (mail,) = await running.mails.wait_for(email, subject="replaced")
    assert "Telegram has banned" in " ".join(mail.text.split())
    outcomes = await running.settled(4)
    assert sorted(outcomes.values()) == [OVER, *["sent"] * 3]
    assert [one for one in await running.mails.mails(email) if "lost" in one.subject] == []


async def test_of_several_seats_that_are_lost_together_one_mail_tells(
    running: MailHarness, provisioning: FakeService
) -> None:
    adbot, email = await delivered(running, provisioning)
    lost = [
        SeatLost(adbot=adbot.adbot, session=SessionId(new_id()), loss=SessionLoss.BANNED) for _ in range(3)
    ]
    await provisioning.publish(f"adbot-{adbot.adbot}", *lost)
    await let_pass(running, 3)
    outcomes = await running.settled(5)
    assert sorted(outcomes.values()) == [OVER, OVER, *["sent"] * 3]
    (mail,) = await running.mails.wait_for(email, subject="lost")
    assert "2 other accounts of the adbot were lost shortly before." in mail.text
    assert "2 other accounts of the adbot were lost shortly before." in mail.html


async def test_a_lost_seat_that_stays_empty_is_mailed(
    running: MailHarness, provisioning: FakeService
) -> None:
    adbot, email = await delivered(running, provisioning)
    lost = SeatLost(adbot=adbot.adbot, session=SessionId(new_id()), loss=SessionLoss.FROZEN)
    await provisioning.publish(f"adbot-{adbot.adbot}", lost)
    await let_pass(running, 1)
    (mail,) = await running.mails.wait_for(email, subject="lost a Telegram account")
    assert "Telegram has frozen" in " ".join(mail.text.split())


async def test_the_end_is_mailed_and_a_warning_of_an_end_that_moved_is_not(
    running: MailHarness, provisioning: FakeService
) -> None:
    adbot, email = await delivered(running, provisioning)
    await running.mails.refuse()  # the mail server is down when the owner is to be warned
    now = utc_now()

    def extended(days: float) -> AdbotExtended:
        return AdbotExtended(
            adbot=adbot.adbot,
            account=adbot.account,
            order=None,
            days=1,
            reason="a test",
            valid_from=now,
            valid_until=now + timedelta(days=days, seconds=1),
        )

    await provisioning.publish(f"adbot-{adbot.adbot}", extended(3))
    warned = "select count(*) from notifications.notifications where adbot = $1 and kind = 'expiring'"
    await until(lambda: running.row(warned, adbot.adbot))
    await provisioning.publish(f"adbot-{adbot.adbot}", extended(90))
    moved = "select valid_until > now() + interval '80 days' from adbots.adbots where adbot = $1"
    await until(lambda: running.row(moved, adbot.adbot))

    async def given_up() -> bool:
        return OVER in (await running.outcomes()).values()

    await until(given_up)  # before the server heals: an attempt may have begun before the end moved
    await running.mails.heal()
    await provisioning.publish(f"adbot-{adbot.adbot}", AdbotExpired(adbot=adbot.adbot))
    await running.mails.wait_for(email, subject="has ended")
    outcomes = await running.settled(6)
    expected = [OVER, "none", "none", "sent", "sent", "sent"]
    assert sorted(outcomes.values()) == expected


async def test_what_happened_long_ago_is_shown_in_the_app_only(
    running: MailHarness, provisioning: FakeService
) -> None:
    placed = await running.place()
    await running.mails.wait_for(placed.email)
    adbot = provisioned(placed)
    stream = f"adbot-{adbot.adbot}"

    async def long_ago(unit: UnitOfWork) -> None:
        unit.at = utc_now() - timedelta(days=2)
        await append(unit, stream, adbot, AdbotExpired(adbot=adbot.adbot))

    await provisioning.engine.run(long_ago, Causes.first("service:test"))

    async def shown() -> list[tuple[str, str]]:
        answer = await running.http.get("/notifications", headers=await token(running.http, placed.account))
        return [(one["kind"], one["mail"]) for one in answer.json()["items"]]

    wanted = [("expired", "none"), ("adbot_ready", "none"), ("order_placed", "sent")]
    await until(shown, lambda found: found == wanted)
    assert len(await running.mails.mails(placed.email)) == 1


async def test_after_an_outage_the_owner_is_warned_once_of_what_is_left_and_not_of_an_end_that_passed(
    harness: MailHarness,
) -> None:
    now = utc_now()
    url = await harness.new_database()
    soon, over = await harness.place(), await harness.place()

    async def long_ago(unit: UnitOfWork) -> None:
        unit.at = now - timedelta(days=29)
        for placed, left in ((soon, timedelta(hours=12)), (over, -timedelta(hours=12))):
            adbot = provisioned(placed).model_copy(update={"valid_until": now + left})
            await append(unit, f"adbot-{adbot.adbot}", adbot)

    nats = harness.nats.url
    async with FakeService("provisioning", url, nats, harness.prefix, CommandHandlers()) as provisioning:
        await provisioning.engine.run(long_ago, Causes.first("service:test"))
        warned = (
            "select string_agg(data->>'days', ' ') from engine.events "
            "where type = 'NotificationRaised' and data->>'kind' = 'expiring'"
        )
        async with harness.gateway():
            await until(lambda: harness.row(warned), lambda days: days == "1")
        async with harness.gateway():  # a restart warns nobody again
            (mail,) = await harness.mails.wait_for(soon.email, subject="ends soon")
            assert "ends in 1 day;" in " ".join(mail.text.split())
        assert await harness.row(warned) == "1"
