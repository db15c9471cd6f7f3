"""What a service answers operators: health, dead letters with retry and drop, tables and rebuilds."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
import pytest_asyncio
from nats.aio.client import Client
from pydantic import SecretStr

from adrelay.runtime.ports import free_port
from libs.chassis.questions import AT_ONCE, QuestionClient
from libs.chassis.service import Chassis
from libs.events.billing import ProductRetired
from libs.events.health import QUESTION, ServiceHealth
from libs.events.operations.dead_letters import (
    BlockedStream,
    BlockedStreams,
    DropLetters,
    ListBlockedStreams,
    RetryAll,
    RetryStream,
    ShowLetters,
)
from libs.events.operations.tables import (
    ListTables,
    PlanRebuild,
    Rebuild,
    RebuildState,
    StartRebuild,
)
from libs.events.questions import Question, Reply
from libs.eventsourcing import Causes, Reactions, Refused, Registry, Sql, Timers, UnitOfWork
from libs.eventsourcing.operations import builder
from libs.eventsourcing.values import utc_now
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import PRODUCT, Retire, ShopSettings, retired_table
from tests.support.signing import SIGNER
from tests.support.waiting import until

ME = Causes.first("test")
SERVICE = "billing"
"""The owner of the shop's events: readers find them under its name."""


class BillingSettings(ShopSettings):
    service: ClassVar[str] = SERVICE


class Knock(Question[Reply]):
    """Answered once the shop's door is open."""

    reply: ClassVar[type[Reply]] = Reply


@dataclass
class Shop:
    """A shop that runs, and that fails on every retirement as long as it is ill."""

    chassis: Chassis
    questions: QuestionClient
    client: Client
    prefix: str
    ill: bool = False
    due: datetime | None = None
    """Since when its till is to be emptied, which nobody does."""
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Its door, at which questions wait."""

    async def retire(self, code: str, times: int = 1) -> None:
        await self.chassis.engine.run(
            lambda unit: unit.execute(PRODUCT, code, Retire(code=code, times=times)), ME
        )

    async def blocked(self) -> BlockedStreams:
        return await self.questions.ask(SERVICE, ListBlockedStreams())

    async def until_letters(self, *letters: int) -> BlockedStreams:
        return await until(
            self.blocked, lambda found: sorted(one.letters for one in found.streams) == list(letters)
        )

    async def health(self) -> ServiceHealth:
        subject = f"{self.prefix}{QUESTION}"
        answer = await self.client.request(
            subject, b"", timeout=DEADLINE_SECONDS, headers=SIGNER.sign(subject, b"")
        )
        return ServiceHealth.model_validate_json(answer.data)

    async def rebuild_ended(self) -> Rebuild:
        health = await until(self.health, lambda found: _ended(found.rebuilds))
        return health.rebuilds[0]


def _failed_again(now: BlockedStreams, before: BlockedStream) -> bool:
    [stream] = now.streams
    return stream.first.failed_at > before.first.failed_at and not stream.retry_requested


def _ended(rebuilds: tuple[Rebuild, ...]) -> bool:
    return bool(rebuilds) and rebuilds[0].ended_at is not None


@pytest_asyncio.fixture(loop_scope="session", name="shop")
async def _shop(database: str, nats_url: str, stream_prefix: str, client: Client) -> AsyncIterator[Shop]:
    settings = BillingSettings(
        postgres_url=SecretStr(database),
        nats_url=SecretStr(nats_url),
        nats_prefix=stream_prefix,
        command_public_key=SIGNER.public_key,
        http_host="127.0.0.1",
        http_port=free_port(),
        till_secret=SecretStr("0123456789abcdefghijklmnopqrstuvwxyz"),
    )
    reactions, timers, table = Reactions(), Timers[None](), retired_table()
    async with Chassis(settings, state_tables=[table]) as chassis:
        shop = Shop(chassis, QuestionClient(client, SIGNER, prefix=stream_prefix), client, stream_prefix)

        @reactions.to(ProductRetired)
        async def sell_off(event: ProductRetired, unit: UnitOfWork) -> None:
            del event, unit
            if shop.ill:
                raise LookupError("ask till@example.com, there is no till")

        async def due(sql: Sql) -> datetime | None:
            del sql
            return shop.due

        @timers.due("till", earliest=due)
        async def empty(unit: UnitOfWork) -> int:
            del unit
            return 0

        async def waiting(question: Knock) -> Reply:
            del question
            await shop.open.wait()
            return Reply()

        del sell_off, empty
        chassis.answering.answer(Knock, waiting)
        chassis.take_on(
            Registry(service=SERVICE, state_tables=(table,), reactions=reactions, timers=timers), None
        )
        running = asyncio.create_task(chassis.run())
        await until(lambda: _answers(shop))
        yield shop
        chassis.stop()
        await running


async def _answers(shop: Shop) -> bool:
    try:
        await shop.blocked()
    except Exception:  # noqa: BLE001 - it starts
        return False
    return True


async def test_a_dead_letter_is_shown_without_addresses_and_gone_once_its_retry_succeeds(shop: Shop) -> None:
    shop.ill = True
    await shop.retire("tea", 3)
    found = await shop.until_letters(3)
    [stream] = found.streams
    assert (stream.reader, stream.source, stream.stream) == ("reactions", SERVICE, "product-tea")
    assert stream.first.data == {"code": "tea"}
    assert "there is no till" in stream.first.error
    assert "till@example.com" not in stream.first.error
    health = await until(shop.health, lambda now: any(one.dead_letters for one in now.readers))
    assert any("3 dead letters" in problem for problem in health.problems)

    shown = await shop.questions.ask(
        SERVICE, ShowLetters(reader="reactions", source=SERVICE, stream="product-tea", limit=2)
    )
    assert [one.version for one in shown.letters] == [1, 2]
    assert shown.more

    await shop.questions.ask(SERVICE, RetryStream(reader="reactions", source=SERVICE, stream="product-tea"))
    await until(shop.blocked, lambda now: _failed_again(now, stream))

    shop.ill = False
    asked = await shop.questions.ask(SERVICE, RetryAll())
    assert asked.streams == 1
    await shop.until_letters()


async def test_a_dropped_dead_letter_lets_those_behind_it_be_tried(shop: Shop) -> None:
    shop.ill = True
    await shop.retire("tea", 2)
    await shop.retire("coffee", 3)
    found = await shop.until_letters(2, 3)
    tea, coffee = sorted(found.streams, key=lambda one: one.letters)

    dropped = await shop.questions.ask(
        SERVICE, DropLetters(reader="reactions", source=SERVICE, stream="product-tea", event=tea.first.id)
    )
    assert dropped.letters == 1
    await shop.until_letters(1, 3)
    dropped = await shop.questions.ask(
        SERVICE,
        DropLetters(
            reader="reactions", source=SERVICE, stream="product-coffee", event=coffee.first.id, rest=True
        ),
    )
    assert dropped.letters == 3
    await shop.until_letters(1)

    with pytest.raises(Refused, match="unknown_dead_letter"):
        await shop.questions.ask(
            SERVICE, DropLetters(reader="reactions", source=SERVICE, stream="product-tea", event=tea.first.id)
        )
    with pytest.raises(Refused, match="unknown_dead_letter"):
        await shop.questions.ask(SERVICE, RetryStream(reader="reactions", source=SERVICE, stream="milk"))


async def test_a_wrong_table_is_rebuilt_beside_the_work_with_its_progress_in_the_health(shop: Shop) -> None:
    await shop.retire("tea", 300)
    engine = shop.chassis.engine
    await engine.query(lambda sql: sql.execute("update retired set times = 7"))
    plan = await shop.questions.ask(SERVICE, PlanRebuild(table="retired"))
    assert (plan.events, plan.running, plan.begun_at) == (300, 1, None)

    begun = await shop.questions.ask(SERVICE, StartRebuild(table="retired"))
    assert begun.table == "retired"
    ended = await shop.rebuild_ended()

    assert (ended.state, ended.passed, ended.error) == (RebuildState.DONE, 300, "")
    assert await engine.query(lambda sql: sql.fetchval("select times from retired")) == 300
    [table] = (await shop.questions.ask(SERVICE, ListTables())).tables
    assert (table.name, table.kind, table.running) == ("retired", "state", 1)
    assert [one.purpose for one in table.shadows] == ["archived"]


async def test_a_rebuild_is_refused_while_somebody_else_builds_and_its_failure_is_said(shop: Shop) -> None:
    await shop.retire("tea")
    async with builder(shop.chassis.engine.tables):
        with pytest.raises(Refused, match="tables_busy"):
            await shop.questions.ask(SERVICE, StartRebuild(table="retired"))
    assert (await shop.health()).rebuilds == (), "it was never begun"
    with pytest.raises(Refused, match="unknown_table"):
        await shop.questions.ask(SERVICE, PlanRebuild(table="sold"))

    engine = shop.chassis.engine
    await engine.query(
        lambda sql: sql.execute(
            "update engine.events set data = '{\"code\": 7}' where stream = 'product-tea'"
        )
    )
    await shop.questions.ask(SERVICE, StartRebuild(table="retired"))
    ended = await shop.rebuild_ended()
    assert ended.state is RebuildState.FAILED
    assert ended.error
    assert await engine.query(lambda sql: sql.fetchval("select times from retired")) == 1, "it runs on"


async def test_the_health_tells_of_the_process_its_relay_and_its_database(shop: Shop) -> None:
    await shop.retire("tea", 5)
    health = await until(
        shop.health,
        lambda found: found.relay is not None and found.relay.stored == 5 and not found.relay.behind,
    )
    assert health.relay is not None
    assert health.relay.active
    assert health.process.split()[-1].isdecimal()
    assert health.started_at is not None
    assert health.database is not None
    assert health.database.bytes > 0
    assert health.problems == ()


async def test_the_health_tells_of_a_late_timer(shop: Shop) -> None:
    [timer] = (await shop.health()).timers
    assert (timer.name, timer.late_seconds) == ("till", 0)
    shop.due = utc_now() - timedelta(seconds=100)
    health = await until(shop.health, lambda found: found.problems)
    [timer] = health.timers
    assert timer.late_seconds >= 100
    assert health.problems == (f"billing: the timer till is late by {timer.late_seconds:.0f} s",)


async def test_the_health_tells_how_many_questions_wait(shop: Shop) -> None:
    assert (await shop.health()).questions_waiting == 0
    asked = [asyncio.create_task(shop.questions.ask(SERVICE, Knock())) for _ in range(AT_ONCE + 3)]
    await until(shop.health, lambda found: found.questions_waiting == 3)
    shop.open.set()
    assert await asyncio.gather(*asked) == [Reply()] * (AT_ONCE + 3)
    await until(shop.health, lambda found: found.questions_waiting == 0)


async def test_of_many_blocked_streams_the_answer_says_that_there_are_more(shop: Shop) -> None:
    shop.ill = True
    for code in ("tea", "milk"):
        await shop.retire(code)
    await shop.until_letters(1, 1)
    whole = await shop.questions.ask(SERVICE, ListBlockedStreams(limit=2))
    part = await shop.questions.ask(SERVICE, ListBlockedStreams(limit=1))
    assert (len(whole.streams), whole.more) == (2, False)
    assert (part.streams, part.more) == (whole.streams[:1], True)
    letters = ShowLetters(reader="reactions", source=SERVICE, stream="product-tea", limit=1)
    assert not (await shop.questions.ask(SERVICE, letters)).more
    await shop.retire("tea")
    await shop.until_letters(1, 2)
    assert (await shop.questions.ask(SERVICE, letters)).more
