"""Nothing that operators do with events is done a second time outside."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from adrelay.commands.events.tables.folded import tables_of
from adrelay.demo import steps
from adrelay.demo.system import LocalSystem
from libs.chassis.broker import connect_nats, event_stream
from libs.chassis.database_roles import SUPERUSER_URL
from libs.eventsourcing.operations.rebuilding import rebuild
from tests.e2e.scenarios import Running, problems, running
from tests.integration.events_cli.program import CommandResult, ran
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(420)


@dataclass(frozen=True)
class Outside:
    """What the outside world has seen of us."""

    provider_calls: list[str]
    """But for those that only ask whether it is there, as the supervisor does."""
    sends: dict[str, int]
    """Requests to Telegram that send something, by method and outcome."""
    messages: int
    mails: list[str]
    """The `Message-ID` of every mail to this client."""

    @classmethod
    async def of(cls, told: Running) -> "Outside":
        """Count."""
        counts = await told.system.telegram.journal_counts()
        held = [await told.system.telegram.messages(chat) for chat in told.sample.groups.values()]
        return cls(
            [one.path for one in await told.system.payments.calls() if not one.path.endswith("/status")],
            {
                f"{one.method} {one.outcome}": one.times
                for one in counts
                if "orward" in one.method or "send" in one.method.lower()
            },
            sum(map(len, held)),
            [mail.message_id for mail in await told.system.mails.mails(told.purchase.email)],
        )


async def tool(system: LocalSystem, *arguments: str, **settings: str) -> CommandResult:
    """Run a tool against the system; it must be content."""
    result = await ran(system.tools | settings, *arguments)
    assert result.code == 0, (arguments, result.out, result.err)
    return result


async def rebuild_all(system: LocalSystem) -> None:
    """Rebuild every table of every service."""
    client = await connect_nats(system.nats.url, "test")
    stream = event_stream(client)
    for service, url in system.databases.items():
        tables = tables_of(service, url)
        for table in tables.all:
            await rebuild(tables, table, stream=stream)
    await client.close()


async def make_a_dead_letter(system: LocalSystem) -> str:
    """Add a handled event to the forwarder's dead letters; return its stream."""
    scheduler = await asyncpg.connect(system.databases["scheduler"])
    forwarder = await asyncpg.connect(system.databases["forwarder"])
    try:
        row = await scheduler.fetchrow(
            "select *, xid::text as number, data::text as body from engine.events "
            "where type = 'CycleDue' order by at desc limit 1"
        )
        assert row is not None
        envelope = {
            name: str(row[name])
            for name in ("id", "type", "stream", "correlation_id", "causation_id", "actor")
        } | {
            "schema": row["schema"],
            "version": row["version"],
            "xid": int(row["number"]),
            "position": row["position"],
            "at": row["at"].isoformat(),
            "data": json.loads(row["body"]),
        }
        await forwarder.execute(
            "insert into engine.parked (reader, source, xid, position, stream, envelope, error) "
            "values ('reactions', 'scheduler', $1, $2, $3, $4::text::jsonb, 'by a test')",
            int(row["number"]),
            row["position"],
            row["stream"],
            json.dumps(envelope),
        )
        return str(row["stream"])
    finally:
        await scheduler.close()
        await forwarder.close()


async def test_no_tool_sends_or_buys_anything_again(local_system: LocalSystem, tmp_path: Path) -> None:
    async with running(local_system) as told:
        assert problems(await told.cycles(1)) == []
        await until(lambda: told.system.mails.mails(told.purchase.email), lambda mails: len(mails) >= 3)
        before = await Outside.of(told)
        assert before.provider_calls
        assert before.sends
        assert before.messages > 0
        assert len(before.mails) == len(set(before.mails)) == 3

        await rebuild_all(local_system)
        await tool(local_system, "rebuild", "billing", "payment_requests", "--yes")
        await tool(local_system, "rollback", "billing", "payment_requests", "--yes")
        assert await Outside.of(told) == before

        verified = (await tool(local_system, "verify", "--json")).document
        assert verified["sound"]
        compared = {(one["service"], one["name"]) for one in verified["tables"]}
        assert compared == await all_running(local_system)
        assert await Outside.of(told) == before

        counts = (await tool(local_system, "republish", "--dry-run", "--json")).document
        assert all(one["missing"] == 0 for one in counts)
        await tool(local_system, "republish", "--anew", "--yes")
        await tool(local_system, "verify", "--no-tables")
        assert await Outside.of(told) == before

        await tool(local_system, "dead", "retry", await make_a_dead_letter(local_system))
        assert await Outside.of(told) == before

        dump = tmp_path / "events.jsonl"
        await tool(local_system, "export", "--output", str(dump))
        superuser = {SUPERUSER_URL: local_system.postgres.url("")}
        await tool(local_system, "import", str(dump), "--into", f"copy{uuid4().hex[:6]}", **superuser)
        await tool(local_system, "tables", "--drop-kept", "--yes")
        await steps.start(told.client)
        assert problems(await told.cycles(2)) == []
        after = await Outside.of(told)
    assert after.provider_calls == before.provider_calls
    assert after.messages == before.messages + len(told.sample.groups)
    assert after.mails == before.mails


async def all_running(system: LocalSystem) -> set[tuple[str, str]]:
    """Return the tables that the services themselves say they fold."""
    found: set[tuple[str, str]] = set()
    for service, url in system.databases.items():
        connection = await asyncpg.connect(url)
        rows = await connection.fetch("select name from engine.projections")
        found |= {(service, row["name"]) for row in rows}
        await connection.close()
    return found
