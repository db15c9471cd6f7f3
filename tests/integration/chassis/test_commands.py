"""Commands over NATS: there is an answer, whatever happens."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from nats.aio.client import Client
from structlog.testing import capture_logs

from libs.chassis import command_client
from libs.chassis.command_client import CommandClient, CommandFailed, RepeatableCauses
from libs.chassis.signing import MessageSigner
from libs.events.results import RESULT, Accepted, Failure, Refusal, Written
from libs.eventsourcing import Causes, CommandHandlers, Engine, Refused, UnitOfWork
from libs.eventsourcing.values import new_id
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.serving import events, serving
from tests.integration.chassis.shop import Break, Retire, RetireTwo, Sweep
from tests.support.databases import opened
from tests.support.signing import SIGNER

ME = Causes.first("account:7")


@pytest_asyncio.fixture(loop_scope="session")
async def shop(engine: Engine, nats_url: str, stream_prefix: str) -> AsyncIterator[Engine]:
    async with serving(nats_url, engine, stream_prefix):
        yield engine


@pytest.fixture
def commands(client: Client, stream_prefix: str) -> CommandClient:
    return CommandClient(client, SIGNER, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


async def ask(
    client: Client, prefix: str, kind: str, body: bytes, **headers: str
) -> Accepted | Refusal | Failure:
    """Send a command with a signature, which is all that it needs."""
    subject = f"{prefix}cmd.shop.{kind}"
    signed = SIGNER.sign(subject, body, headers)
    reply = await client.request(subject, body, timeout=DEADLINE_SECONDS, headers=signed)
    return RESULT.validate_json(reply.data)


async def test_an_accepted_command_says_where_its_last_event_stands(
    shop: Engine, commands: CommandClient
) -> None:
    answer = await commands.send(Retire(code="tea", times=3), ME)
    last = (await events(shop))[-1]
    assert answer.written == (Written(service="shop", xid=last["xid"], position=last["position"]),)
    assert len(await events(shop)) == 3


async def test_a_command_from_which_nothing_follows_is_accepted(
    shop: Engine, commands: CommandClient
) -> None:
    assert await commands.send(Retire(code="tea", times=0), ME) == Accepted()
    assert await events(shop) == []


async def test_events_carry_the_senders_correlation_id_and_the_commands_id(
    shop: Engine, commands: CommandClient
) -> None:
    await commands.send(Retire(code="tea"), ME)
    (event,) = await events(shop)
    assert (event["correlation_id"], event["actor"]) == (ME.correlation_id, "account:7")
    command = await shop.query(lambda sql: sql.fetchval("select id from engine.commands"))
    assert event["causation_id"] == command


async def test_a_repeated_request_repeats_no_command(shop: Engine, commands: CommandClient) -> None:
    seed = new_id()

    def again() -> RepeatableCauses:
        return RepeatableCauses(new_id(), new_id(), "account:7", seed=seed)

    first = await commands.send(Retire(code="tea"), again())
    assert await commands.send(Retire(code="tea"), again()) == first
    assert len(await events(shop)) == 1
    await commands.send(Retire(code="coffee"), again())
    assert len(await events(shop)) == 2, "another command of the same request is carried out"
    other = RepeatableCauses(new_id(), new_id(), "account:7", seed=new_id())
    await commands.send(Retire(code="tea"), other)
    assert len(await events(shop)) == 3


async def test_a_refusal_comes_back_as_if_the_service_were_here(
    shop: Engine, commands: CommandClient
) -> None:
    with pytest.raises(Refused) as refused:
        await commands.send(Retire(code="locked"), ME)
    assert (refused.value.code, refused.value.detail) == ("locked", "the key is lost")
    assert await events(shop) == []


@pytest.mark.parametrize("how", ["raise", "invalid event"])
async def test_a_handler_that_breaks_is_answered_without_a_word_of_what_broke(
    shop: Engine, commands: CommandClient, client: Client, stream_prefix: str, how: str
) -> None:
    with capture_logs() as logs, pytest.raises(CommandFailed) as failed:
        await commands.send(Break(how=how), ME)
    reference = next(line["reference"] for line in logs if line["event"] == "command.failed")
    assert reference in str(failed.value)
    assert "hunter2" not in str(failed.value)
    answer = await ask(client, stream_prefix, "Break", Break(how=how).model_dump_json().encode())
    assert isinstance(answer, Failure)
    assert answer.detail == ""
    assert await events(shop) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense-hunter2",
        b'{"code": 5, "times": "hunter2"}',
        b'{"code": "tea", "times": -1}',
        b'{"code": "tea", "surplus": "hunter2"}',
        b'{"times": 1}',
    ],
)
async def test_what_is_no_such_command_is_refused_without_repeating_it(
    shop: Engine, client: Client, stream_prefix: str, body: bytes
) -> None:
    answer = await ask(client, stream_prefix, "Retire", body)
    assert isinstance(answer, Refusal)
    assert answer.code == "invalid_command"
    assert answer.detail
    assert "hunter2" not in answer.detail
    assert await events(shop) == []


@pytest.mark.parametrize("header", ["Adrelay-Command-Id", "Adrelay-Correlation-Id"])
async def test_a_header_that_is_no_id_is_refused(
    shop: Engine, client: Client, stream_prefix: str, header: str
) -> None:
    answer = await ask(client, stream_prefix, "Retire", b'{"code": "tea"}', **{header: "nonsense"})
    assert answer == Refusal(code="invalid_command", detail="a header holds no UUID")
    assert await events(shop) == []


async def test_a_command_without_ids_gets_fresh_ones(
    shop: Engine, client: Client, stream_prefix: str
) -> None:
    assert isinstance(await ask(client, stream_prefix, "Retire", b'{"code": "tea"}'), Accepted)
    (event,) = await events(shop)
    assert event["actor"] == "unknown"
    assert event["correlation_id"] == event["causation_id"]


async def test_a_command_that_the_gateway_did_not_sign_is_refused_and_not_its_callers_fault(
    shop: Engine, client: Client, stream_prefix: str
) -> None:
    subject, body = f"{stream_prefix}cmd.shop.Retire", b'{"code": "tea"}'
    for headers in (None, {"Adrelay-Actor": "admin"}):
        reply = await client.request(subject, body, timeout=DEADLINE_SECONDS, headers=headers)
        assert RESULT.validate_json(reply.data) == Refusal(
            code="not_signed", detail="it has no signature of the gateway"
        )
    other = CommandClient(client, MessageSigner.generate(), prefix=stream_prefix)
    for command in (Retire(code="tea"), Sweep(code="tea")):
        with pytest.raises(CommandFailed, match="shop refuses the gateway's signature"):
            await other.send(command, ME)
    many = await asyncio.gather(
        *(other.send(Sweep(code=f"p{number}"), ME) for number in range(9)), return_exceptions=True
    )
    assert {type(one) for one in many} == {CommandFailed}
    assert await events(shop) == []


async def test_a_repeated_command_is_answered_as_the_first_time(
    shop: Engine, client: Client, stream_prefix: str
) -> None:
    same = {"Adrelay-Command-Id": str(new_id())}
    body = b'{"code": "tea", "times": 2}'
    both = await asyncio.gather(*(ask(client, stream_prefix, "Retire", body, **same) for _ in range(2)))
    later = await ask(client, stream_prefix, "Retire", body, **same)
    assert isinstance(later, Accepted)
    assert both == [later, later]
    assert later.written
    assert len(await events(shop)) == 2


async def test_outside_work_is_several_transactions_with_one_correlation_id(
    shop: Engine, commands: CommandClient
) -> None:
    answer = await commands.send(RetireTwo(codes=("tea", "cup")), ME)
    first, second = await events(shop)
    assert first["xid"] != second["xid"]
    assert first["correlation_id"] == second["correlation_id"] == ME.correlation_id
    assert answer.written == (Written(service="shop", xid=second["xid"], position=second["position"]),)


async def test_outside_work_that_is_refused_halfway_keeps_what_was_done(
    shop: Engine, commands: CommandClient
) -> None:
    with pytest.raises(Refused, match="locked"):
        await commands.send(RetireTwo(codes=("tea", "locked")), ME)
    assert len(await events(shop)) == 1


async def test_many_commands_at_once_are_all_answered(shop: Engine, commands: CommandClient) -> None:
    answers = await asyncio.gather(
        *(commands.send(Retire(code=f"p{number % 40}"), ME) for number in range(80))
    )
    assert all(answer.written for answer in answers)
    assert len(await events(shop)) == 80


async def test_replicas_share_the_work(
    shop: Engine, commands: CommandClient, nats_url: str, stream_prefix: str
) -> None:
    async with serving(nats_url, shop, stream_prefix):
        await asyncio.gather(*(commands.send(Retire(code=f"p{number}"), ME) for number in range(20)))
    assert len(await events(shop)) == 20


async def test_a_service_that_does_not_run_is_said_to_be_missing(
    commands: CommandClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_client, "_RETRY_SECONDS", DEADLINE_SECONDS)  # nobody is waited for
    with pytest.raises(CommandFailed, match="no shop service is running"):
        await commands.send(Retire(code="tea"), ME)


async def test_a_service_that_is_just_starting_is_waited_for(
    engine: Engine, commands: CommandClient, nats_url: str, stream_prefix: str
) -> None:
    sent = asyncio.create_task(commands.send(Retire(code="tea"), ME))
    await asyncio.sleep(0.2)
    assert not sent.done()
    async with serving(nats_url, engine, stream_prefix):
        assert (await sent).written
    assert len(await events(engine)) == 1


async def test_an_answer_that_does_not_come_in_time_is_not_waited_for(
    shop: Engine, client: Client, database: str, stream_prefix: str
) -> None:
    hasty = CommandClient(client, SIGNER, prefix=stream_prefix, timeout_seconds=0.2)
    async with opened(database) as other, other.transaction():
        await other.execute("lock table engine.events in exclusive mode")  # who appends waits
        with pytest.raises(CommandFailed, match="got no answer"):
            await hasty.send(Retire(code="tea"), ME)
        assert await events(shop) == []


def test_a_command_has_one_handler() -> None:
    commands = CommandHandlers()

    async def handle(command: Retire, unit: UnitOfWork) -> None:
        del command, unit

    commands.on(Retire)(handle)
    with pytest.raises(ValueError, match="Retire already has a handler"):
        commands.on(Retire)(handle)


def test_an_answer_names_its_kind() -> None:
    assert json.loads(RESULT.dump_json(Refusal(code="x")))["outcome"] == "refused"
    assert json.loads(RESULT.dump_json(Failure(reference="x")))["outcome"] == "failed"
    assert json.loads(RESULT.dump_json(Accepted()))["outcome"] == "accepted"
