"""Events and commands for the scheduler, from provisioning, the forwarder and clients, and its start."""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.chassis.command_client import CommandClient
from libs.events.catalogue import published
from libs.events.commands.scheduler import SetAdvertisement, StartAdbot
from libs.events.forwarder import CycleFinished
from libs.events.provisioning import AdbotExtended, AdbotProvisioned, SeatLost
from libs.events.scheduler import CycleDue
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    ChannelPost,
    Seat,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.scheduler.registry import REGISTRY
from services.scheduler.schedule import commands
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.service import run
from services.scheduler.settings import SchedulerSettings
from services.scheduler.tables.adbots import ADBOTS
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.support.plans import SILVER
from tests.support.waiting import until

OWNER = AccountId(uuid4())
ID = AdbotId(uuid4())
MINUTES_10 = timedelta(minutes=10)


def service(harness: ServiceHarness, **given: object) -> AbstractAsyncContextManager[None]:
    return harness.running(run, SchedulerSettings, **given)


def seat() -> Seat:
    return Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4()))


A, B = seat(), seat()


def provisioned(*seats: Seat, at: datetime, interval: int = 600, adbot: AdbotId = ID) -> AdbotProvisioned:
    plan = SILVER.model_copy(update={"interval_seconds": interval})
    return AdbotProvisioned(
        adbot=adbot,
        order=f"HQADZ-20310504-{adbot.hex[:8].upper()}",
        account=OWNER,
        plan=plan,
        seats=seats,
        valid_from=at if seats else None,
        valid_until=at + timedelta(days=30) if seats else None,
    )


def extended(until: datetime | None) -> AdbotExtended:
    return AdbotExtended(
        adbot=ID,
        account=OWNER,
        order=None,
        days=1,
        reason="an outage",
        valid_from=None if until is None else until - timedelta(days=1),
        valid_until=until,
    )


async def provision(
    provisioning: FakeService,
    *seats: Seat,
    interval: int = 600,
    adbot: AdbotId = ID,
) -> Causes:
    event = provisioned(*seats, at=datetime.now(UTC), interval=interval, adbot=adbot)
    return await provisioning.publish(f"adbot-{adbot}", event)


async def lose(provisioning: FakeService, *seats: Seat) -> None:
    for lost in seats:
        event = SeatLost(adbot=ID, session=lost.session, loss=SessionLoss.BANNED)
        await provisioning.publish(f"adbot-{ID}", event)


async def known(harness: ServiceHarness, adbots: int = 1) -> None:
    """Wait until the service's read model has this many adbots."""

    async def enough() -> bool:
        return bool(await harness.value("select count(*) >= $1 from adbots.adbots", adbots))

    await until(enough, why="the adbots to be known")


async def set_and_start(client: CommandClient, adbot: AdbotId = ID) -> None:
    causes = Causes.first(f"account:{OWNER}")
    groups = ("@bakers", "https://t.me/Bakers", "@Millers/4")
    await client.send(
        SetAdvertisement(adbot=adbot, account=OWNER, post="https://t.me/news/12?single", groups=groups),
        causes,
    )
    await client.send(StartAdbot(adbot=adbot, account=OWNER), causes)


async def finish(forwarder: FakeService, cycle: CycleDue) -> None:
    finished = CycleFinished(cycle=cycle.cycle, adbot=cycle.adbot, counts={}, started_at=cycle.due_at)
    await forwarder.publish(f"cycle-{cycle.cycle}", finished)


async def start_in_the_past(
    harness: ServiceHarness, adbots: list[AdbotId], anchor: datetime, interval: int
) -> None:
    """Append the events that the service would have appended if these adbots had been started at `anchor`."""
    tables = REGISTRY.state_tables
    engine = Engine("scheduler", harness.database, published(), state_tables=tables, read_models=[ADBOTS])
    await engine.start()

    async def work(unit: UnitOfWork) -> None:
        for id_ in adbots:
            adbot = Adbot(
                id_, OWNER, uuid4(), interval, (A,), None, expired=False, suspended=False, ended_cycle=None
            )
            post = ChannelPost(channel="@news", message=12)
            wanted = commands.SetAdvertisement(adbot, OWNER, post, ("@bakers",), anchor)
            await unit.execute(SCHEDULE, id_, wanted)
            await unit.execute(SCHEDULE, id_, commands.Start(adbot, OWNER, anchor))

    await engine.run(work, Causes.first("test"))
    await engine.stop()
