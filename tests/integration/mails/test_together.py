"""Mails that are due together are claimed as one, and recorded as one."""

from sandbox.mail import Fault
from services.gateway.mail.outbox import AT_ONCE
from tests.integration.mails.harness import MailHarness
from tests.support.waiting import until


async def wait_at_the_server(harness: MailHarness) -> None:
    """Make as many mails due at the same time as are sent at once, while no gateway runs."""
    await harness.mails.refuse()
    async with harness.gateway():
        for _ in range(AT_ONCE):
            await harness.place()
        await until(
            lambda: harness.row("select count(*) = $1 from outbox.outbox where attempts > 0", AT_ONCE)
        )
    await harness.row(
        "with due as (update outbox.outbox set try_at = now(), claimed_until = now() returning 1)"
        " select count(*) from due"
    )
    await harness.mails.heal()


async def test_mails_that_are_due_together_are_claimed_as_one(harness: MailHarness) -> None:
    await wait_at_the_server(harness)
    await harness.mails.hang()
    async with harness.gateway(smtp_timeout_seconds=60):
        claimed = (
            "select count(*) = $1 and count(distinct claimed_until) = 1 "
            "from outbox.outbox where claimed_until > now()"
        )
        await until(lambda: harness.row(claimed, AT_ONCE))
        await harness.mails.heal()
        await harness.settled(AT_ONCE)


async def test_no_more_mails_are_claimed_than_are_tried_at_once(harness: MailHarness) -> None:
    await wait_at_the_server(harness)
    await harness.mails.hang()
    async with harness.gateway(smtp_timeout_seconds=60):
        for _ in range(2):
            await harness.place()
        raised = "select count(*) = $1 from outbox.outbox"
        await until(lambda: harness.row(raised, AT_ONCE + 2))
        await until(
            lambda: harness.row(
                "select count(*) = $1 from outbox.outbox where claimed_until > now()", AT_ONCE
            )
        )
        await harness.mails.heal()
        await harness.settled(AT_ONCE + 2)
    assert len(await harness.mails.mails()) == AT_ONCE + 2


async def test_mails_that_are_taken_together_are_recorded_as_one(harness: MailHarness) -> None:
    await wait_at_the_server(harness)
    await harness.mails.break_with(Fault(kind="slow", stage="data", seconds=600))
    async with harness.gateway(smtp_timeout_seconds=60):
        await harness.mails.wait_for(count=AT_ONCE)
        await harness.mails.heal()  # all are answered now
        await harness.settled(AT_ONCE)
    sent = "select count(distinct xid) from engine.events where type = 'MailSent'"
    assert await harness.row(sent) < AT_ONCE
    trees = "select count(distinct correlation_id) from engine.events where type = 'MailSent'"
    assert await harness.row(trees) == AT_ONCE
