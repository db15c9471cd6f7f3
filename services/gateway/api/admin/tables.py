"""The operator's routes of tables that services fold from events: what there is, and rebuilding one."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from libs.events.operations.tables import ListTables, PlanRebuild, StartRebuild, TableSummary
from services.gateway.api.admin.health import RebuildLine, rebuild_line, rebuilds_of
from services.gateway.api.admin.questions import ServicePath, ask, ask_all
from services.gateway.api.callers import FOR_OPERATORS, describe_act
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import ReasonBody
from services.gateway.tables.values import View

router = APIRouter(prefix="/admin/tables", tags=["admin"], dependencies=[FOR_OPERATORS])

TablePath = Annotated[str, Path(max_length=100, description="A table of the service.", examples=["orders"])]


class ShadowView(View):
    """Tables besides those that run."""

    version: int
    purpose: Literal["building", "checking", "archived"]
    """`building`: an unfinished rebuild, which the next one resumes. `archived`: they ran before."""
    begun_at: datetime
    folded: int
    """Events that are folded into them."""
    bytes: int


class TableView(View):
    """A table that a service folds from events."""

    name: Annotated[str, Field(examples=["orders"])]
    kind: Literal["state", "read"]
    """`state`: of the service's own events, with each append. `read`: of any events, by a reader."""
    version: int
    """The version that the program folds."""
    running: int | None
    """The version that runs; null if none does."""
    rows: int
    """As the database estimates them."""
    bytes: int
    shadows: list[ShadowView]


class ServiceTablesView(View):
    """The tables of a service."""

    service: Annotated[str, Field(examples=["billing"])]
    tables: list[TableView]
    rebuilds: list[RebuildLine]
    """The rebuilds that its processes do or did, the latest first."""


class TablesView(View):
    """The tables of all services."""

    services: list[ServiceTablesView]
    unanswered: Annotated[list[str], Field(examples=[[]])]
    """The services that do not answer just now."""


class RebuildPlanView(View):
    """What a rebuild would do."""

    service: Annotated[str, Field(examples=["billing"])]
    table: Annotated[str, Field(examples=["orders"])]
    kind: Literal["state", "read"]
    version: int
    """The version that it builds."""
    running: int | None
    """The version that runs, also while it is built; null if none does."""
    events: int
    """How many events it reads."""
    begun_at: datetime | None
    """When an unfinished rebuild began, which it resumes; null if it begins anew."""
    folded: int
    """Events that the unfinished one has folded."""
    replaces_archive_of: datetime | None
    """Tables archived before, of that time, are dropped: those that run now are archived in their place."""


@router.get("", summary="List the tables", responses=problems(401))
async def get_tables(desk: DeskDep) -> TablesView:
    """Return the tables that services fold from events, and the rebuilds of them."""
    health = await desk.health()  # first: of a rebuild that is done, the tables are those that it made
    answers, unanswered = await ask_all(desk, ListTables())
    return TablesView(
        services=[
            ServiceTablesView(
                service=service,
                tables=[_table(one) for one in answer.tables],
                rebuilds=rebuilds_of(service, health),
            )
            for service, answer in answers.items()
        ],
        unanswered=unanswered,
    )


@router.get("/{service}/{table}", summary="Show what a rebuild would do", responses=problems(401, 404))
async def get_rebuild_plan(service: ServicePath, table: TablePath, desk: DeskDep) -> RebuildPlanView:
    """Return what a rebuild of a table would do; nothing is changed."""
    answer = await ask(desk, service, PlanRebuild(table=table))
    return RebuildPlanView.model_validate({"service": service, **answer.model_dump()})


@router.post("/{service}/{table}/rebuild", summary="Rebuild a table", responses=problems(401, 404, 409))
async def rebuild_table(
    service: ServicePath, table: TablePath, body: ReasonBody, request: Request, desk: DeskDep
) -> RebuildLine:
    """Fold a table anew from all events while the present one is used, then swap it in.

    A process of the service does it while it works; `GET /admin/tables` has its progress. The old table is
    archived. If the process ends, the rebuild stops; the next one resumes it.
    """
    await describe_act(request, desk, f"table {table} of {service}", body.reason)
    return rebuild_line(await ask(desk, service, StartRebuild(table=table)))


def _table(summary: TableSummary) -> TableView:
    return TableView.model_validate(summary.model_dump())
