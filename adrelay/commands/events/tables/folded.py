"""Shared by the tools for tables: the tables of each service, progress, and errors of a fold."""

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

from adrelay.registries import registry_of
from adrelay.servers.options import ServerOptions
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


class Stopped(Failure):
    """The tool stopped before its work was done; the running tables are unchanged."""

    code = Exit.FOUND


def tables_of(service: str, url: str) -> ServiceTables:
    """Return a service's projections."""
    return registry_of(service).tables(url, published(), APPLICATION)


async def all_tables(servers: ServerOptions, chosen: list[str] | None = None) -> dict[str, ServiceTables]:
    """Return the projections of services, which are to be folded, by service.

    Raises `Unusable` if a database can't be used.
    """
    databases = servers.databases(chosen, writing=True)
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


async def one_table(servers: ServerOptions, service: str, name: str) -> tuple[ServiceTables, Projection]:
    """Return a service's table of that name; raise `Unusable` if there is none."""
    tables = (await all_tables(servers, [service]))[service]
    table = tables.find(name)
    if table is None:
        raise Unusable(f"{service} folds no table {name!r}; there are {', '.join(sorted(tables.schemas))}")
    return tables, table


@asynccontextmanager
async def folds() -> AsyncGenerator[None]:
    """Return in one line why tables could not be built or compared."""
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
        """Return the rate in events per second."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="cyan")


@contextmanager
def progress() -> Generator[Callable[[str, int, int], None]]:
    """Show progress bars with rate and remaining time on stderr, if a terminal; yields their update."""
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
    """Show the progress of building tables."""
    with progress() as move:
        yield lambda progress: move(f"{service} {progress.table}", progress.passed, progress.remaining)
