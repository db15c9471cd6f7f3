"""What the tools for tables share: which tables each service folds, progress, and how a fold can fail."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from adrelay.servers.places import Places
from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Exit, Failure, NotFound, Unusable
from libs.chassis.advice import with_advice
from libs.chassis.names import APPLICATION
from libs.events.catalogue import published
from libs.eventsourcing import Projection
from libs.eventsourcing.operations import (
    FoldFailed,
    OutdatedTables,
    Report,
    ServiceTables,
    StreamAhead,
    StreamIncomplete,
    TablesBusy,
    holds_shadow_tables,
)
from services.billing import registry as billing
from services.forwarder.client.tables import CLIENTS
from services.forwarder.cycle.tables import CYCLES, DENIALS
from services.forwarder.tables.adbots import RELEASES, STOPS
from services.gateway.account.tables import ACCOUNTS
from services.gateway.inbox.tables import TABLES as INBOXES
from services.gateway.tables import READ_MODELS
from services.provisioning.adbot.tables import ADBOTS as PROVISIONED
from services.provisioning.session.tables import STOCK
from services.scheduler.permissions.tables import PRIVATE_IDS
from services.scheduler.schedule.tables import SCHEDULES
from services.scheduler.tables.adbots import ADBOTS as SCHEDULED

_FOLDED: dict[str, tuple[tuple[Projection, ...], tuple[Projection, ...]]] = {
    "billing": (billing.STATE_TABLES, billing.READ_MODELS),
    "provisioning": ((STOCK, PROVISIONED), ()),
    "scheduler": ((SCHEDULES, PRIVATE_IDS), (SCHEDULED,)),
    "forwarder": ((CLIENTS, CYCLES, DENIALS), (STOPS, RELEASES)),
    "gateway": ((ACCOUNTS, *INBOXES), READ_MODELS),
}
"""State tables and read models, as each service's `service.py` hands them to its chassis."""


class Stopped(Failure):
    """The tool came to an end before its work was done; what ran before runs on."""

    code = Exit.FOUND


def tables_of(service: str, url: str) -> ServiceTables:
    """Return what a service folds."""
    state_tables, read_models = _FOLDED[service]
    return ServiceTables(service, url, published(), state_tables, read_models, APPLICATION)


async def all_tables(places: Places, chosen: list[str] | None = None) -> dict[str, ServiceTables]:
    """Return what services fold, by service; raise `Unusable` if a database can't be used."""
    databases = places.databases(chosen)
    problems = [problem for service, url in databases.items() for problem in await _problems(service, url)]
    if problems:
        raise Unusable(*problems)
    return {service: tables_of(service, url) for service, url in databases.items()}


async def _problems(service: str, url: str) -> tuple[str, ...]:
    try:
        async with connected(service, url) as connection:
            known = await holds_shadow_tables(connection)
    except Unusable as error:
        return error.problems
    return () if known else (f"{service} was not started yet with this version of Adrelay",)


async def one_table(places: Places, service: str, name: str) -> tuple[ServiceTables, Projection]:
    """Return a service's table of that name; raise `Unusable` if there is none."""
    tables = (await all_tables(places, [service]))[service]
    table = tables.find(name)
    if table is None:
        raise Unusable(f"{service} folds no table {name!r}; there are {', '.join(sorted(tables.schemas))}")
    return tables, table


@asynccontextmanager
async def folds() -> AsyncGenerator[None]:
    """Tell in one line why tables could not be built or compared."""
    try:
        yield
    except (FoldFailed, StreamIncomplete, TablesBusy, StreamAhead) as error:
        raise Stopped(with_advice(error)) from error
    except OutdatedTables as error:
        raise Unusable(with_advice(error)) from error
    except LookupError as error:
        raise NotFound(str(error)) from error


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Show events in a second."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="cyan")


@contextmanager
def progress() -> Generator[Callable[[str, int, int], None]]:
    """Show bars with rate and time left on stderr, if that is a terminal; yields what moves one of them."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        known = dict[str, int]()

        def move(name: str, done: int, total: int) -> None:
            if name not in known:
                known[name] = bars.add_task(name, total=total)
            bars.update(known[name], completed=done, total=max(total, done))  # type: ignore[arg-type]  # a TaskID

        yield move


@contextmanager
def fold_progress(service: str) -> Generator[Report]:
    """Show how far tables are built."""
    with progress() as move:
        yield lambda told: move(f"{service} {told.table}", told.passed, told.remaining)
