"""The service as it runs: commands and events over NATS, a worker beside it, and no secret in their words."""

import asyncio
import base64
from pathlib import Path
from uuid import uuid4

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import AbortReason, ApiPairImported, CycleAborted, CycleStarted, SessionImported
from libs.events.forwarding import ShowForwarding
from libs.events.scheduler import AdbotStopped, StopReason
from libs.events.values import ApplicationId, CycleId, ResultClass
from sandbox.telegram.specs import AccountSpec
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.harness import ForwarderHarness
from tests.integration.forwarder.system import HASH, System, system_of
from tests.support.waiting import until


async def test_the_way_from_an_uploaded_session_to_forwarded_posts(system: System, tmp_path: Path) -> None:
    harness = system.harness
    pair = ApplicationId(uuid4())
    await system.send(system.adding(pair, 815, HASH))
    text = harness.telegram.mint_session(harness.telegram.create_account(AccountSpec()).id)
    account = harness.telegram.create_account(AccountSpec()).id
    file = base64.b64encode(harness.telegram.session_file(account)).decode()
    seats = [await system.upload(text), await system.upload(f"base64:{file}")]
    harness.accounts = dict(
        zip(
            (seat.session for seat in seats),
            [one.telegram_user for one in await harness.events_of(SessionImported)],
            strict=True,
        )
    )
    groups = harness.groups(6, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)

    async def begun() -> bool:
        return bool(await harness.events_of(CycleStarted))

    await until(begun)
    assert await harness.finished(due.cycle) == {ResultClass.SENT: 6}
    assert harness.copies(groups) == {1: 6}
    assert not harness.telegram.held_twice()
    assert [one.api_id for one in await harness.events_of(ApiPairImported)] == [815]
    await check_that_causes_are_told(system, due.cycle)
    await until(  # an answer is given again for a second
        lambda: system.questions.ask("forwarder", ShowForwarding()),
        lambda found: (found.pending_sends, len(found.workers)) == (0, 1),
    )
    for process in system.processes:
        assert await process.stopped() == 0
    await check_that_nothing_secret_was_said(system, [text[1:], file, HASH, stage_key(harness)], tmp_path)


async def test_a_worker_is_woken_by_what_comes_due_and_need_not_look_for_it(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path, postgres_server: EmbeddedPostgres
) -> None:
    """The first cycle may be found as the worker starts; the second by nothing but a wake-up."""
    patient = settings.model_copy(update={"poll_seconds": 3600.0})
    async with system_of(harness, patient, tmp_path, postgres_server) as system:
        seat = await harness.seat()
        for number in (1, 2):
            due = system.due([seat], harness.groups(2, [seat]))
            await system.publish("schedule", due)
            assert await harness.finished(due.cycle) == {ResultClass.SENT: 2}, number


def stage_key(harness: ForwarderHarness) -> str:
    return harness.settings.vault_keys.get_secret_value()


async def check_that_causes_are_told(system: System, cycle: CycleId) -> None:
    started, *later = await system.harness.history(f"cycle-{cycle}")
    cause = await system.scheduler.query(
        lambda sql: sql.fetchrow("select id, correlation_id from engine.events where type = 'CycleDue'")
    )
    assert cause is not None
    assert started.envelope.causation_id == cause["id"]
    assert {one.envelope.correlation_id for one in (started, *later)} == {cause["correlation_id"]}
    assert {one.envelope.causation_id for one in later} == {started.envelope.id}


async def check_that_nothing_secret_was_said(system: System, secrets: list[str], logs: Path) -> None:
    async with system.harness.engine.pool.acquire() as connection:
        events = await connection.fetch("select data::text from engine.events")
        sealed = await connection.fetch(
            "select box from vault.sessions union all select box from vault.pairs"
        )
    written = [path.read_text() for path in logs.glob("*.log")]  # noqa: ASYNC240 - local files
    said = "\n".join([*written, *(row[0] for row in events)])
    assert "seat.taken" in said, "the logs were not read"
    for secret in secrets:
        pieces = {secret[at : at + 24] for at in range(0, len(secret) - 24, 24)} or {secret}
        assert not [piece for piece in pieces if piece in said]
        assert not [row for row in sealed if secret.encode() in row["box"]]


async def test_a_stopped_adbots_cycle_ends_in_the_middle(system: System) -> None:
    harness = system.harness
    seats = await harness.seats(2)
    groups = harness.groups(200, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)

    async def under_way() -> bool:
        return len(harness.sent()) >= 4

    await until(under_way)
    await system.publish("schedule", AdbotStopped(adbot=harness.adbot, reason=StopReason.EXPIRED))
    end = await harness.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    sent = len(harness.sent())
    await asyncio.sleep(0.5)
    assert len(harness.sent()) <= sent + len(seats)


async def test_a_cycle_that_was_due_before_a_stop_that_is_known_is_not_sent(system: System) -> None:
    harness = system.harness
    seats = await harness.seats(1)
    groups = harness.groups(3, seats)
    far_ahead = 2**40  # in the scheduler's order; the reader of stops may be ahead of the one of due cycles
    await harness.engine.query(
        lambda sql: sql.execute("insert into stops values ($1, $2, 1)", harness.adbot, far_ahead)
    )
    due = system.due(seats, groups)
    await system.publish("schedule", due)
    end = await harness.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert end.counts == {ResultClass.STOPPED: 3}
    assert not harness.sent()
