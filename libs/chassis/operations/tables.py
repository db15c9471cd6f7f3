"""Answers about the tables that a service folds, and starts rebuilding them."""

from collections import defaultdict

from libs.chassis.operations.rebuilds import Rebuilds
from libs.chassis.questions import Answering
from libs.events.operations.tables import (
    ListTables,
    PlanRebuild,
    Rebuild,
    RebuildPlan,
    ServiceTablesReply,
    ShadowSummary,
    StartRebuild,
    TableSummary,
)
from libs.eventsourcing import Engine, Projection, Refused
from libs.eventsourcing.operations import (
    Kind,
    StoredTable,
    rebuilding,
    stored_tables,
)


def answer(answering: Answering, engine: Engine, rebuilds: Rebuilds) -> None:
    """Answer operators' questions about tables."""
    answers = TableAnswers(engine, rebuilds)
    answering.answer(ListTables, answers.list_tables)
    answering.answer(PlanRebuild, answers.plan)
    answering.answer(StartRebuild, answers.start)


class TableAnswers:
    """Answers from one service's database, for the tables that this program folds."""

    def __init__(self, engine: Engine, rebuilds: Rebuilds) -> None:
        self._engine, self._rebuilds = engine, rebuilds

    async def list_tables(self, _: ListTables) -> ServiceTablesReply:
        """Return the service's tables by name."""
        async with self._engine.connection() as connection:
            stored = await stored_tables(connection)
        sizes = {(one.name, one.version, one.kind): one.bytes for one in stored}
        running = {one.name: one for one in stored if one.kind in set(Kind)}
        shadows: defaultdict[str, list[ShadowSummary]] = defaultdict(list)
        for one in await rebuilding.shadow_tables(self._engine.tables):
            shadows[one.name].append(
                ShadowSummary(
                    version=one.version,
                    purpose=one.purpose.name.lower(),
                    begun_at=one.begun_at,
                    folded=one.folded,
                    bytes=sizes.get((one.name, one.version, one.purpose), 0),
                )
            )
        tables = sorted(self._engine.tables.all, key=lambda table: table.name)
        return ServiceTablesReply(
            tables=tuple(self._summary(one, running.get(one.name), shadows[one.name]) for one in tables)
        )

    async def plan(self, question: PlanRebuild) -> RebuildPlan:
        """Return what a rebuild would do."""
        table = self._table(question.table)
        found = await rebuilding.plan(self._engine.tables, table, stream=self._rebuilds.stream)
        archive = found.archived
        return RebuildPlan(
            table=found.table,
            kind=found.kind,
            version=found.version,
            running=found.running,
            events=found.events,
            begun_at=None if found.begun is None else found.begun.begun_at,
            folded=0 if found.begun is None else found.begun.folded,
            replaces_archive_of=archive.begun_at
            if archive is not None and archive.version == found.running
            else None,
        )

    async def start(self, question: StartRebuild) -> Rebuild:
        """Begin a rebuild."""
        return await self._rebuilds.start(self._table(question.table))

    def _table(self, name: str) -> Projection:
        table = self._engine.tables.find(name)
        if table is None:
            raise Refused("unknown_table", f"{self._engine.service} folds no table {name!r}")
        return table

    def _summary(
        self, table: Projection, running: StoredTable | None, shadows: list[ShadowSummary]
    ) -> TableSummary:
        return TableSummary(
            name=table.name,
            kind=self._engine.tables.kind(table),
            version=table.version,
            running=None if running is None else running.version,
            rows=0 if running is None else running.rows,
            bytes=0 if running is None else running.bytes,
            shadows=tuple(shadows),
        )
