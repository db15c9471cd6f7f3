"""Processes of a service announce commits to each other."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import operator
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from structlog.testing import capture_logs

from adrelay.runtime.nats import EmbeddedNats
from libs.chassis import commits
from libs.chassis.broker import BrokerClient, connect_nats
from libs.chassis.broker_permissions import committed_subject
from libs.chassis.commits import Announcements
from libs.eventsourcing import Engine, EventCatalogue, EventStream, Relay
from libs.eventsourcing.values import Cursor, Recorded
from tests.support.waiting import until


class Noting(Relay):
    """A relay that only collects what is announced to it."""

    def __init__(self, engine: Engine, stream: EventStream, collected: list[Cursor]) -> None:
        super().__init__(engine, stream)
        self._collected = collected

    def note_commit(self, cursor: Cursor) -> None:
        self._collected.append(cursor)


class Process:
    """A process of a service: what was announced to its relay, and how often rows changed."""

    def __init__(self, nats: BrokerClient, prefix: str, service: str = "shop") -> None:
        self.engine = Engine(service, "", EventCatalogue([]))
        self.announced: list[Cursor] = []
        self.changes = 0
        self.engine.on_change(self._changed)
        self.nats = nats
        relay = Noting(self.engine, EventStream(nats, prefix=prefix), self.announced)
        self.loop = asyncio.create_task(Announcements(self.engine, relay, nats, prefix=prefix).run())

    def _changed(self) -> None:
        self.changes += 1

    def commit(self, *cursors: Cursor) -> None:
        """Announce a commit of events up to each of these, at once."""
        for cursor in cursors:
            self.engine.announce([cast("Recorded", SimpleNamespace(cursor=cursor))])

    async def last_announced(self) -> Cursor | None:
        await self.nats.flush()
        return self.announced[-1] if self.announced else None

    async def end(self) -> None:
        self.loop.cancel()
        await asyncio.gather(self.loop, return_exceptions=True)


@asynccontextmanager
async def processes(
    nats_url: str, prefix: str, service: str = "shop"
) -> AsyncGenerator[tuple[Process, Process]]:
    clients = [await connect_nats(nats_url, service) for _ in range(2)]
    one, other = (Process(client, prefix, service) for client in clients)
    await asyncio.sleep(0)  # both subscribe
    for client in clients:
        await client.flush()
    try:
        yield one, other
    finally:
        for process in (one, other):
            await process.end()
            await process.nats.close()


async def test_a_commit_is_announced_to_others_and_not_to_itself(nats_url: str, stream_prefix: str) -> None:
    async with processes(nats_url, stream_prefix) as (one, other):
        one.commit(Cursor(7, 1))
        await until(other.last_announced, lambda cursor: cursor == Cursor(7, 1))
        other.commit(Cursor(8, 2))
        await until(one.last_announced, lambda cursor: cursor == Cursor(8, 2))
    assert (one.announced, one.changes) == ([Cursor(8, 2)], 1)
    assert (other.announced, other.changes) == ([Cursor(7, 1)], 1)


async def test_commits_at_the_same_time_are_announced_at_once_and_the_last_ones_at_the_end(
    nats_url: str, stream_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "PACE_SECONDS", 3600.0)
    async with processes(nats_url, stream_prefix) as (one, other):
        one.commit(Cursor(7, 1), Cursor(9, 4), Cursor(8, 3))
        await until(other.last_announced, lambda cursor: cursor == Cursor(9, 4))
        one.commit(Cursor(10, 5))
        await one.end()
        await until(other.last_announced, lambda cursor: cursor == Cursor(10, 5))
    assert len(other.announced) == 2


@pytest.mark.parametrize("rubbish", [b"", b"process", b"process 1 x", b"process 1 2 3", b"\xff 1 2"])
async def test_rubbish_is_passed_over(nats_url: str, stream_prefix: str, rubbish: bytes) -> None:
    async with processes(nats_url, stream_prefix) as (one, other):
        await one.nats.publish(committed_subject("shop", stream_prefix), rubbish)
        one.commit(Cursor(7, 1))
        await until(other.last_announced, lambda cursor: cursor == Cursor(7, 1))
    assert other.changes == 1


@asynccontextmanager
async def billing(folder: Path, prefix: str = "") -> AsyncGenerator[EmbeddedNats]:
    """Run a broker whose user `billing` may use the subjects of this prefix."""
    server = EmbeddedNats(folder, durable=False, services=["billing"], prefix=prefix)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def warned(lines: Sequence[MutableMapping[str, object]], event: str) -> Callable[[], Awaitable[int]]:
    """Ask how many warnings there are of an event."""

    async def question() -> int:
        return sum((line["log_level"], line["event"]) == ("warning", event) for line in lines)

    return question


async def sent(client: BrokerClient) -> int:
    await client.flush()
    return client.stats["out_msgs"]


@asynccontextmanager
async def forbidden_processes(
    folder: Path, lines: Sequence[MutableMapping[str, object]]
) -> AsyncGenerator[Process]:
    """Yield one of two processes that may not announce commits, and have logged that."""
    async with (
        billing(folder, "another") as server,
        processes(server.url_of("billing"), "", "billing") as (one, _),
    ):
        await until(warned(lines, "commits.forbidden"), lambda warnings: warnings == 2)
        yield one


async def test_who_may_not_announce_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "PACE_SECONDS", 0.0)
    with capture_logs() as lines:
        async with forbidden_processes(tmp_path / "nats", lines) as one:
            for times in range(1, 4):
                one.commit(Cursor(times, times))
                assert await sent(one.nats) == 0
    assert sum("committed.billing" in str(line) for line in lines) == 2, "each logs it once"


async def test_who_may_not_announce_tries_again_later_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "PACE_SECONDS", 0.0)
    monkeypatch.setattr(commits, "FORBIDDEN_SECONDS", 0.0)
    with capture_logs() as lines:
        async with forbidden_processes(tmp_path / "nats", lines) as one:

            async def after_a_commit() -> int:
                one.commit(Cursor(1, 1))
                return await sent(one.nats)

            await until(after_a_commit, lambda messages: messages > 2)
    assert await warned(lines, "commits.forbidden")() == 2, "once for each process"


async def test_who_may_not_do_something_else_announces_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "PACE_SECONDS", 0.0)
    async with (
        billing(tmp_path / "nats") as server,
        processes(server.url_of("billing"), "", "billing") as (one, other),
    ):
        await one.nats.publish("anything.else", b"")
        await until(partial(was_forbidden, one.nats))
        for cursor in (Cursor(7, 1), Cursor(8, 2)):
            one.commit(cursor)
            await until(other.last_announced, partial(operator.eq, cursor))


async def test_who_was_allowed_to_announce_meanwhile_does_so_on_the_next_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "PACE_SECONDS", 0.0)
    async with billing(tmp_path / "nats", "another") as server:
        clients = [await connect_nats(server.url_of("billing"), "billing") for _ in range(2)]
        with capture_logs() as lines:
            one, other = (Process(client, "", "billing") for client in clients)
            await until(warned(lines, "commits.forbidden"), lambda warnings: warnings == 2)
    async with billing(tmp_path / "nats"):
        for client in clients:
            await until(partial(connections, client), bool)

        async def after_a_commit() -> Cursor | None:
            one.commit(Cursor(7, 1))
            return await other.last_announced()

        await until(after_a_commit, partial(operator.eq, Cursor(7, 1)))
        for process in (one, other):
            await process.end()
            await process.nats.close()


async def connections(client: BrokerClient) -> int:
    """Return how often it was connected anew."""
    return client.stats["reconnects"] if client.is_connected else 0


async def was_forbidden(client: BrokerClient) -> bool:
    """Return whether the broker refused something to its user."""
    return client.was_forbidden
