"""What each user of the broker may do, tried on a server with the configuration that is generated."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from nats.errors import NoRespondersError
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.jetstream import jetstream_answers
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from libs.chassis.broker import BrokerClient, NotPermitted, connect_nats, event_stream
from libs.chassis.broker_permissions import inbox_of
from libs.chassis.command_client import CommandClient
from libs.chassis.questions import QuestionClient
from libs.chassis.service import Chassis
from libs.chassis.signing import MessageSigner
from libs.events.billing import ProductRetired
from libs.events.categories import SERVICES
from libs.events.questions import Question, Reply
from libs.eventsourcing import Causes, Engine, Reactions, UnitOfWork
from libs.eventsourcing.errors import OperatorNeeded
from libs.eventsourcing.operations import pending
from services.gateway.adapters import health as gateway_health
from services.gateway.adapters.health import ask_health
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.serving import events, serving
from tests.integration.chassis.shop import Retire, ShopSettings, Sweep, handlers, retired_table
from tests.support.signing import SIGNER
from tests.support.waiting import until

USERS = (*SERVICES, "shop")
"""The services, and the one that these tests run."""
FORBIDDEN_TO_ALL = (
    "$JS.API.STREAM.CREATE.EVENTS",
    "$JS.API.STREAM.CREATE.OWN",
    "$JS.API.STREAM.UPDATE.EVENTS",
    "$JS.API.STREAM.DELETE.EVENTS",
    "$JS.API.STREAM.PURGE.EVENTS",
    "$JS.API.STREAM.MSG.DELETE.EVENTS",
    "$JS.API.STREAM.SNAPSHOT.EVENTS",
    "$JS.API.STREAM.RESTORE.EVENTS",
    "$JS.API.STREAM.LEADER.STEPDOWN.EVENTS",
    "$JS.API.STREAM.NAMES",
    "$JS.API.CONSUMER.NAMES.EVENTS",
    "$JS.API.CONSUMER.LIST.EVENTS",
    "$JS.API.CONSUMER.DELETE.EVENTS.any",
    "$JS.API.CONSUMER.PAUSE.EVENTS.any",
    "$JS.API.CONSUMER.CREATE.EVENTS.named",
    "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.durable",
    "$KV.bucket.key",
    "$SYS.REQ.SERVER.PING",
    "anything.else",
)
SECONDS = 5.0


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="server")
async def _server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedNats]:
    folder = tmp_path_factory.mktemp("broker")
    server = EmbeddedNats(folder / "nats", durable=False, services=USERS)
    await server.start()
    yield server
    await server.stop()


@asynccontextmanager
async def connected(server: EmbeddedNats, user: str) -> AsyncGenerator[BrokerClient]:
    """Yield a connection of a user."""
    client = await connect_nats(server.url_of(user), user)
    try:
        yield client
    finally:
        await client.close()


def foreign_subjects(user: str) -> Iterator[str]:
    """Yield subjects that belong to others."""
    for other in set(USERS) - {user}:
        yield f"event.{other}.Anything.0"
        yield f"ev.{other}.Anything.stream"
        yield f"fence.{other}"
        yield f"committed.{other}"
        yield f"{inbox_of(other)}.anything"
    yield f"ev.{user}.Anything.stream"
    yield f"{inbox_of(user)}.anything"
    if user != "gateway":
        yield from (f"cmd.{one}.Anything" for one in USERS)
        yield from (f"ask.{one}.Anything" for one in USERS)
        yield "ask.all.health"
    if user != "forwarder":
        yield "wake.forwarder"


@pytest.mark.parametrize("user", USERS)
async def test_a_service_publishes_nothing_of_others_and_changes_no_stream(
    server: EmbeddedNats, user: str
) -> None:
    async with connected(server, "adrelay") as operator:
        before = await event_stream(operator).count()
        async with connected(server, user) as client:
            for subject in [*foreign_subjects(user), *FORBIDDEN_TO_ALL]:
                with pytest.raises(NotPermitted, match=subject.replace("$", r"\$")):
                    await client.request(subject, b"{}", timeout=SECONDS)
        assert await event_stream(operator).count() == before


@pytest.mark.parametrize("user", USERS)
async def test_a_service_listens_to_nothing_of_others(server: EmbeddedNats, user: str) -> None:
    others = [one for one in USERS if one != user]
    foreign = [f"{kind}.{one}.>" for kind in ("cmd", "ask", "committed") for one in others]
    foreign += [f"{inbox_of(one)}.>" for one in others]
    foreign += [">", "cmd.>", "ask.>", "event.>", f"event.{user}.>", "fence.>", "_INBOX.>", "_INBOX.*.*"]
    foreign += ["$JS.EVENT.ADVISORY.>", "$JS.API.>", "$SYS.>"]
    foreign += [] if user == "forwarder" else ["wake.forwarder"]
    refused: list[str] = []
    client = await connect_nats(server.url_of(user), user)

    async def note(error: Exception) -> None:
        refused.append(str(error))

    client._error_cb = note  # pyright: ignore[reportPrivateUsage]
    for subject in foreign:
        await client.subscribe(subject)

    async def answered() -> int:
        await client.flush()
        return len(refused)

    await until(answered, lambda count: count >= len(foreign))
    await client.close()
    assert [error.split('"')[1].lower() for error in refused] == [one.lower() for one in foreign]


@pytest.mark.parametrize("user", [None, "adrelay", "gateway", "nobody"])
async def test_nobody_comes_in_without_the_password(server: EmbeddedNats, user: str | None) -> None:
    with pytest.raises(RuntimeFault, match="refuses the password"):
        await jetstream_answers(server.port, user, "wrong")


def test_the_passwords_are_in_files_of_the_owner_alone(server: EmbeddedNats) -> None:
    assert len({server.url_of(user) for user in (*USERS, "adrelay")}) == len(USERS) + 1
    folder: Path = server.log.parent
    files = [folder / "password", folder / "nats.conf", *(folder / "users" / user for user in USERS)]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


class Closer(Question[Reply]):
    """Answered with nothing."""

    reply = Reply


async def test_a_service_does_all_that_it_must(
    server: EmbeddedNats, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = shop_settings(server, database)
    reactions = Reactions()
    seen: list[ProductRetired] = []

    @reactions.to(ProductRetired)
    async def note(event: ProductRetired, unit: UnitOfWork) -> None:
        del unit
        seen.append(event)

    async def closer(question: Closer) -> Reply:
        del question
        return Reply()

    async with (
        Chassis(settings, state_tables=[retired_table()]) as chassis,
        connected(server, "gateway") as gateway,
    ):
        chassis.serve(handlers())
        chassis.read(reactions=reactions)
        chassis.answering.answer(Closer, closer)
        ran = asyncio.create_task(chassis.run())
        commands = CommandClient(gateway, SIGNER, timeout_seconds=DEADLINE_SECONDS)
        async with connected(server, "adrelay") as operator:
            before = await event_stream(operator).count()
        me = Causes.first("account:7")
        await commands.send(Retire(code="tea", times=40), me)  # more than fifteen are an atomic batch
        await asyncio.gather(*(commands.send(Sweep(code=f"p{number}"), me) for number in range(9)))
        async with connected(server, "adrelay") as operator:
            await until(event_stream(operator).count, lambda count: count == before + 49)
        assert await QuestionClient(gateway, SIGNER).ask("shop", Closer()) == Reply()
        with monkeypatch.context() as patient:
            patient.setattr(gateway_health, "HEALTH_ANSWER_SECONDS", DEADLINE_SECONDS)
            assert [one.service for one in await ask_health(gateway, SIGNER, "", ["shop"])] == ["shop"]
        assert not await ask_health(gateway, MessageSigner.generate(), "", ["shop"]), "it is not signed"
        assert {row["actor"] for row in await events(chassis.engine)} == {"account:7"}
        chassis.stop()
        await ran
    del note
    async with connected(server, "adrelay") as operator:
        await operator.jetstream().purge_stream("EVENTS")


def shop_settings(server: EmbeddedNats, database: str) -> ShopSettings:
    return ShopSettings(
        postgres_url=SecretStr(database),
        nats_url=SecretStr(server.url_of("shop")),
        nats_prefix="",
        http_host="127.0.0.1",
        http_port=free_port(),
        till_secret=SecretStr("0123456789abcdefghijklmnopqrstuvwxyz"),
        command_public_key=SIGNER.public_key,
    )


async def test_a_service_counts_the_events_before_it_with_its_own_permissions(server: EmbeddedNats) -> None:
    async with connected(server, "adrelay") as operator:
        await event_stream(operator).ensure()
    async with connected(server, "shop") as client:
        stream = event_stream(client)
        with capture_logs() as logs:
            assert await pending(stream, stream.subjects(None), 0) == 0
            await client.flush()
    assert logs == [], "nothing was refused"


async def test_a_service_without_a_stream_says_which_command_creates_it(
    server: EmbeddedNats, database: str
) -> None:
    async with connected(server, "adrelay") as operator:
        await operator.jetstream().delete_stream("EVENTS")
        with pytest.raises(OperatorNeeded, match="run `adrelay events create-stream`"):
            async with Chassis(shop_settings(server, database), state_tables=[retired_table()]):
                pass
    await server.start()  # as after every start
    async with connected(server, "shop") as client:
        await event_stream(client).ensure()


@pytest.fixture(name="forged", params=["unsigned", "forged"])
def _forged(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """Return headers that a service can write, and why they are refused."""
    signer = MessageSigner.generate()
    headers = {"Adrelay-Actor": "admin"}
    if request.param == "forged":
        headers = signer.sign("cmd.shop.Retire", BODY, headers)
    return str(request.param), headers


BODY = Retire(code="tea").model_dump_json().encode()


async def stored(client: BrokerClient, headers: dict[str, str]) -> int:
    """Store a command on the stream, as an event of the scheduler, and return its sequence."""
    answer = await client.request("event.scheduler.Retire.0", BODY, timeout=SECONDS, headers=headers)
    return int(json.loads(answer.data)["seq"])


async def refused(reason: str, before: float) -> bool:
    return counted(reason) > before


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("adrelay_unsigned_messages_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize("way", ["push consumer", "direct get"])
async def test_a_stored_message_that_is_delivered_as_a_command_is_refused(
    server: EmbeddedNats, engine: Engine, forged: tuple[str, dict[str, str]], way: str
) -> None:
    reason, headers = forged
    before = counted(reason)
    async with serving(server.url_of("shop"), engine, ""), connected(server, "scheduler") as scheduler:
        sequence = await stored(scheduler, headers)
        if way == "push consumer":
            config = {
                "deliver_subject": "cmd.shop.Retire",
                "deliver_group": "shop",
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": sequence,
                "ack_policy": "none",
                "filter_subject": "event.scheduler.>",
                "mem_storage": True,
                "inactive_threshold": 5_000_000_000,
            }
            body = json.dumps({"stream_name": "EVENTS", "config": config}).encode()
            answer = await scheduler.request("$JS.API.CONSUMER.CREATE.EVENTS", body, timeout=SECONDS)
            assert "error" not in json.loads(answer.data), answer.data
        else:
            body = json.dumps({"seq": sequence}).encode()
            await scheduler.publish("$JS.API.DIRECT.GET.EVENTS", body, reply="cmd.shop.Retire")
        await until(lambda: refused(reason, before), seconds=15)
        assert await events(engine) == []


async def test_the_gateway_may_send_to_everyone_and_is_told_who_does_not_run(server: EmbeddedNats) -> None:
    async with connected(server, "gateway") as gateway:
        for subject in ("cmd.billing.Anything", "ask.billing.Anything"):
            with pytest.raises(NoRespondersError):
                await gateway.request(subject, b"{}", timeout=SECONDS)
