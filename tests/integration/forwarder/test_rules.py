"""What follows in the forwarder from events of the scheduler and of provisioning: no broker, no Telegram."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from libs.events.catalogue import published
from libs.events.forwarder import CycleAborted, CycleStarted, SessionDied
from libs.events.provisioning import SeatsReleased, SessionLost, SessionReleased
from libs.events.scheduler import AllPaused, AllResumed, CycleDue
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Pacing,
    Seat,
    SendOptions,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing import Causes, UnitOfWork
from libs.eventsourcing.testing import Service, StreamEvent, service_on
from services.forwarder.adapters.telegram.messenger import TelethonTelegram
from services.forwarder.client.commands import Import
from services.forwarder.client.domain import CLIENT
from services.forwarder.context import Context
from services.forwarder.cycle.commands import Begin
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.sharing import Seating
from services.forwarder.pool import pausing
from services.forwarder.registry import REGISTRY
from services.forwarder.schema import make_tables
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.store import Vault

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
ADBOT = AdbotId(uuid4())
POST = ChannelPost(channel="@news", message=7)
PACING = Pacing(delay_seconds=10)
SEAT = Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))


@pytest_asyncio.fixture(loop_scope="session")
async def forwarder(database: str, settings: ForwarderSettings) -> AsyncIterator[Service[Context]]:
    """Yield the service with one session."""
    vault = Vault(Cipher(decode_keys(settings.vault_keys)))
    context = Context(vault, TelethonTelegram(settings), SessionReader(), timedelta(minutes=5))
    async with service_on(database, REGISTRY, published(), context, at=NOON) as service:
        await make_tables(service.engine)

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(CLIENT, SEAT.session, Import(SEAT.session, 1, "+49…42", SEAT.pair, unit.at))

        await service.engine.run(work, Causes.first("test"))
        yield service


def due(options: SendOptions | None = None) -> StreamEvent:
    event = CycleDue(
        cycle=CycleId(uuid4()),
        adbot=ADBOT,
        account=AccountId(uuid4()),
        number=1,
        due_at=NOON,
        post=POST,
        groups=("@bakers", "@smiths"),
        seats=(SEAT,),
        pacing=PACING,
        options=options or SendOptions(),
    )
    return StreamEvent(f"schedule-{ADBOT}", event)


async def keep_posts(forwarder: Service[Context]) -> None:
    await forwarder.engine.pool.execute(
        "insert into pool.own_posts values ($1, 1, 1, $2, $3, '{7}', $4)", ADBOT, uuid4(), SEAT.session, NOON
    )
    await forwarder.engine.pool.execute(
        "insert into pool.deletions values ($1, $2, 1, '{5}', $3)", SEAT.session, ADBOT, NOON
    )


async def kept(forwarder: Service[Context]) -> list[tuple[int, int]]:
    return await forwarder.rows(
        "select (select count(*) from pool.own_posts), (select count(*) from pool.deletions)"
    )


async def test_a_cycle_is_sent_with_the_options_that_it_came_due_with(forwarder: Service[Context]) -> None:
    options = SendOptions(author=False, skip_newest=True)
    await forwarder.act(due(options))
    (started,) = [one for one in await forwarder.happened() if isinstance(one, CycleStarted)]
    assert started.options == options
    assert await forwarder.rows("select options ->> 'skip_newest' from cycles") == [("true",)]


async def test_a_cycle_without_the_options_forgets_the_posts_and_one_with_them_does_not(
    forwarder: Service[Context],
) -> None:
    await keep_posts(forwarder)
    await forwarder.engine.pool.execute("update pool.own_posts set at = now()")
    await forwarder.act(due(SendOptions(skip_newest=True)))
    assert await kept(forwarder) == [(1, 1)]
    await forwarder.act(due(SendOptions(author=False)))
    assert await kept(forwarder) == [(0, 1)]


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (SeatsReleased(adbot=ADBOT), (0, 0)),
        (SessionReleased(session=SEAT.session, adbot=ADBOT), (1, 0)),
    ],
)
async def test_released_seats_take_what_is_known_of_their_posts_along(
    forwarder: Service[Context], event: SeatsReleased | SessionReleased, left: tuple[int, int]
) -> None:
    await keep_posts(forwarder)
    await forwarder.act(StreamEvent("adbot-1", event))
    assert await kept(forwarder) == [left]


async def test_a_pause_stops_many_cycles_at_once_and_aborts_them_bit_by_bit(
    forwarder: Service[Context],
) -> None:
    cycles = 450

    async def begin(unit: UnitOfWork) -> None:
        for _ in range(cycles):
            cycle, seating = CycleId(uuid4()), Seating()
            begin = Begin(cycle, ADBOT, POST, PACING, ("@bakers", "@smiths"), (SEAT,), seating, unit.at)
            await unit.execute(CYCLE, cycle, begin)

    await forwarder.engine.run(begin, Causes.first("test"))
    await forwarder.act(StreamEvent("operations-all", AllPaused(reason="maintenance")))
    assert await aborted(forwarder) == pausing.ABORTED_TOGETHER
    assert await forwarder.rows("select ends from pool.paused") == [(False,)]
    await forwarder.act(StreamEvent("operations-all", AllResumed(reason="it is over")))
    assert await forwarder.rows("select ends from pool.paused") == [(True,)], "nothing is sent before"
    last = due()
    await forwarder.act(last)
    await forwarder.act(NOON + timedelta(seconds=1))
    assert await aborted(forwarder) == cycles
    assert await forwarder.rows("select ends from pool.paused") == []
    assert isinstance(last.event, CycleDue)
    assert await forwarder.rows("select cycle from cycles") == [(last.event.cycle,)]


async def aborted(forwarder: Service[Context]) -> int:
    return len([one for one in await forwarder.happened() if isinstance(one, CycleAborted)])


async def test_a_session_that_an_operator_retired_is_not_used_any_more(forwarder: Service[Context]) -> None:
    cycle = due()
    await forwarder.act(cycle)
    retired = SessionLost(
        session=SEAT.session, adbot=ADBOT, loss=SessionLoss.RETIRED, error="RETIRED_BY_HAND", reason="sold"
    )
    await forwarder.act(StreamEvent(f"session-{SEAT.session}", retired))
    (died,) = [one for one in await forwarder.happened() if isinstance(one, SessionDied)]
    assert (died.session, died.loss, died.error) == (SEAT.session, SessionLoss.RETIRED, "RETIRED_BY_HAND")
    assert await aborted(forwarder) == 1
    await forwarder.act(StreamEvent(f"session-{SEAT.session}", retired))
    assert await aborted(forwarder) == 1
