"""Acts on a scheduler without a broker, and what they lead to."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.events.commands.scheduler import SetAdvertisement, StartAdbot, StopAdbot
from libs.events.forwarder import CycleFinished
from libs.events.scheduler import AdbotStarted, AdbotStopped, AdvertisementSet, CycleDue, StopReason
from libs.events.values import AccountId, AdbotId, ChannelPost, Pacing, Seat
from libs.eventsourcing import Event
from libs.eventsourcing.testing import Act, Service, StreamEvent
from services.scheduler.context import Context
from tests.integration.scheduler.publishing import ID, OWNER, A

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
PACING = Pacing(delay_seconds=1.5, jitter_seconds=0.5)
STRANGER, SEATLESS = AccountId(uuid4()), AdbotId(uuid4())
POST, GROUPS = ChannelPost(channel="@news", message=12), ("@bakers", "@millers/4")
ADVERTISE = SetAdvertisement(
    adbot=ID,
    account=OWNER,
    post="https://t.me/news/12?single",
    groups=("@bakers", "https://t.me/Bakers", "@Millers/4"),
)
START, STOP = StartAdbot(adbot=ID, account=OWNER), StopAdbot(adbot=ID, account=OWNER)
ADVERTISED = AdvertisementSet(adbot=ID, post=POST, groups=GROUPS)
STARTED = AdbotStarted(adbot=ID, started_at=NOON, anchor=NOON, interval_seconds=600)
RUNNING = "select adbot from schedules.schedules"

Scheduler = Service[Context]


def of(event: Event) -> StreamEvent:
    """What provisioning says of the adbot."""
    return StreamEvent(f"adbot-{ID}", event)


def over(cycle: CycleDue) -> StreamEvent:
    finished = CycleFinished(cycle=cycle.cycle, adbot=ID, counts={}, started_at=cycle.due_at)
    return StreamEvent(f"cycle-{cycle.cycle}", finished)


def stopped(reason: StopReason, detail: str = "") -> AdbotStopped:
    return AdbotStopped(adbot=ID, reason=reason, detail=detail)


async def prepare(scheduler: Scheduler, *acts: Act) -> None:
    for act in acts:
        await scheduler.act(act)


async def latest(scheduler: Scheduler) -> CycleDue:
    """Return the cycle that came due last."""
    return [event for event in await scheduler.happened() if isinstance(event, CycleDue)][-1]


async def run(scheduler: Scheduler) -> CycleDue:
    """Start the adbot at noon, and return its first cycle."""
    await prepare(scheduler, ADVERTISE, START, NOON)
    return await latest(scheduler)


async def comes_due(
    scheduler: Scheduler, at: datetime, number: int, *, seats: tuple[Seat, ...] = (A,)
) -> CycleDue:
    """Fail unless this instant brings one cycle, of this number, due then; return it."""
    before = await scheduler.happened()
    await scheduler.act(at)
    cycle = await latest(scheduler)
    expected = CycleDue(
        cycle=cycle.cycle,
        adbot=ID,
        account=OWNER,
        number=number,
        due_at=at,
        next_due=at + 10 * MINUTE,
        post=POST,
        groups=GROUPS,
        seats=seats,
        pacing=PACING,
    )
    assert await scheduler.happened() == [*before, expected]
    return cycle
