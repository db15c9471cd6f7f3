"""Batched commands: those sent at the same time share messages, each has its own answer."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.aio.msg import Msg

from libs.chassis import command_client
from libs.chassis.command_client import CommandClient, CommandFailed
from libs.events.results import RESULT, Accepted, Refusal
from libs.eventsourcing import Causes, Engine, Refused
from libs.eventsourcing.values import new_id
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.serving import events, serving
from tests.integration.chassis.shop import Sweep
from tests.integration.runtime.programs import until
from tests.support.signing import SIGNER

ME = Causes.first("account:7")


@pytest_asyncio.fixture(loop_scope="session")
async def messages(client: Client, stream_prefix: str) -> AsyncIterator[list[Msg]]:
    """The messages that bring such commands, as they come."""
    seen: list[Msg] = []

    async def note(message: Msg) -> None:
        seen.append(message)

    subscriptions = [
        await client.subscribe(f"{stream_prefix}cmd.shop.Sweep{many}", cb=note) for many in ("", ".many")
    ]
    yield seen
    for subscription in subscriptions:
        await subscription.unsubscribe()


@pytest.fixture
def commands(client: Client, stream_prefix: str) -> CommandClient:
    return CommandClient(client, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


async def seen(messages: list[Msg], commands: int) -> list[int]:
    """Wait until so many commands were brought, and return how many each message brought."""
    await until(lambda: sum(lines(messages)) >= commands)
    return lines(messages)


async def codes(engine: Engine) -> set[str]:
    return {row["stream"].removeprefix("product-") for row in await events(engine)}


def lines(messages: list[Msg]) -> list[int]:
    """Return how many commands each message brought."""
    return [message.data.count(b"\n") + 1 if message.subject.endswith(".many") else 1 for message in messages]


async def test_commands_sent_at_once_share_a_message_and_each_gets_its_own_answer(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str, messages: list[Msg]
) -> None:
    async with serving(nats_url, engine, stream_prefix):
        causes = [Causes.first(f"account:{number}") for number in range(20)]
        answers = await asyncio.gather(
            *(commands.send(Sweep(code=f"p{number}"), why) for number, why in enumerate(causes))
        )
    assert await seen(messages, 20) == [20]
    stored = {row["stream"]: row for row in await events(engine)}
    for number, (why, answer) in enumerate(zip(causes, answers, strict=True)):
        row = stored[f"product-p{number}"]
        assert [(place.xid, place.position) for place in answer.written] == [(row["xid"], row["position"])]
        assert (row["correlation_id"], row["actor"]) == (why.correlation_id, f"account:{number}")
    assert len({row["causation_id"] for row in stored.values()}) == 20


async def test_a_command_sent_alone_is_not_batched(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str, messages: list[Msg]
) -> None:
    async with serving(nats_url, engine, stream_prefix):
        assert (await commands.send(Sweep(code="tea"), ME)).written
    await seen(messages, 1)
    assert [message.subject for message in messages] == [f"{stream_prefix}cmd.shop.Sweep"]


async def test_a_refusal_reaches_its_own_caller_alone(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str
) -> None:
    sent = [Sweep(code="tea"), Sweep(code="locked"), Sweep(code="cup")]
    async with serving(nats_url, engine, stream_prefix):
        tea, locked, cup = await asyncio.gather(
            *(commands.send(one, ME) for one in sent), return_exceptions=True
        )
    assert isinstance(tea, Accepted)
    assert isinstance(cup, Accepted)
    assert isinstance(locked, Refused)
    assert locked.code == "locked"
    assert await codes(engine) == {"tea", "cup"}


async def test_an_invalid_line_of_a_batch_harms_no_other(
    engine: Engine, client: Client, nats_url: str, stream_prefix: str
) -> None:
    good = {
        "command_id": str(new_id()),
        "correlation_id": str(new_id()),
        "actor": "account:7",
        "command": {"code": "tea"},
    }
    sent = [
        json.dumps(good).encode(),
        b"nonsense-hunter2",
        b"",
        json.dumps({**good, "command_id": "hunter2"}).encode(),
        json.dumps({**good, "command": {"code": "cup", "surplus": "hunter2"}}).encode(),
    ]
    async with serving(nats_url, engine, stream_prefix):
        subject, body = f"{stream_prefix}cmd.shop.Sweep.many", b"\n".join(sent)
        signed = SIGNER.sign(subject, body)
        reply = await client.request(subject, body, timeout=DEADLINE_SECONDS, headers=signed)
    answers = [RESULT.validate_json(line) for line in reply.data.split(b"\n")]
    assert isinstance(answers[0], Accepted)
    assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["invalid_command"] * 4
    assert b"hunter2" not in reply.data
    assert await codes(engine) == {"tea"}


async def test_a_command_whose_caller_has_left_is_not_sent(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str
) -> None:
    async def begin(code: str) -> asyncio.Task[Accepted]:
        sending = asyncio.create_task(commands.send(Sweep(code=code), ME))
        for _ in range(3):  # it is sent, or waits to be
            await asyncio.sleep(0)
        return sending

    under_way = [await begin("aa"), await begin("bb")]  # nobody hears them yet
    given_up, later = await begin("cc"), await begin("dd")
    given_up.cancel()
    async with serving(nats_url, engine, stream_prefix):
        await asyncio.gather(*under_way, later)
    assert await codes(engine) == {"aa", "bb", "dd"}


async def test_a_process_that_hangs_delays_nobody_but_its_own_callers(
    engine: Engine, client: Client, commands: CommandClient, nats_url: str, stream_prefix: str
) -> None:
    still = await client.subscribe(f"{stream_prefix}cmd.shop.Sweep")
    stuck: list[asyncio.Task[Accepted]] = []
    for code in ("aa", "bb"):
        stuck.append(asyncio.create_task(commands.send(Sweep(code=code), ME)))
        await still.next_msg(timeout=DEADLINE_SECONDS)
    later = asyncio.create_task(commands.send(Sweep(code="cc"), ME))
    for task in stuck:
        task.cancel()
    await still.unsubscribe()
    async with serving(nats_url, engine, stream_prefix), asyncio.timeout(DEADLINE_SECONDS / 2):
        assert (await later).written
    assert await codes(engine) == {"cc"}


async def test_every_caller_of_a_batch_hears_that_no_service_runs(
    commands: CommandClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_client, "_RETRY_SECONDS", DEADLINE_SECONDS)  # nobody is waited for
    told = await asyncio.gather(
        *(commands.send(Sweep(code=f"p{number}"), ME) for number in range(3)), return_exceptions=True
    )
    assert [str(error) for error in told if isinstance(error, CommandFailed)] == [
        "no shop service is running"
    ] * 3


async def test_a_batch_has_a_limited_number_of_commands(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str, messages: list[Msg]
) -> None:
    async with serving(nats_url, engine, stream_prefix):
        await asyncio.gather(*(commands.send(Sweep(code=f"p{number}"), ME) for number in range(150)))
    brought = await seen(messages, 150)
    assert (sum(brought), max(brought)) == (150, 64)
    assert len(await codes(engine)) == 150


async def test_a_batch_is_no_larger_than_the_broker_accepts(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str, messages: list[Msg]
) -> None:
    async with serving(nats_url, engine, stream_prefix):
        await asyncio.gather(*(commands.send(Sweep(code="tea", remark="x" * 100_000), ME) for _ in range(12)))
    assert sum(await seen(messages, 12)) == 12
    assert max(len(message.data) for message in messages) < 256 * 1024
