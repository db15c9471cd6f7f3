"""What a start needs besides programs is done by a process that ends with the start."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from adrelay.commands.up import start_helper
from adrelay.commands.up.start_helper import Run, StartHelper
from adrelay.configuration import fresh_secrets
from adrelay.runtime import child
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import LOOPBACK, free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.postgres_urls import PostgresUrls
from adrelay.system import SERVICES
from tests.integration.runtime.programs import is_alive

PROVIDER = {
    "ADRELAY_BILLING_API_KEY": "a-key-of-the-tests",
    "ADRELAY_BILLING_IPN_SECRET": "kV8-a-secret-of-the-tests-2468-0",
    "ADRELAY_BILLING_IPN_CALLBACK_URL": "http://127.0.0.1:8080/api/v1/webhooks/nowpayments",
}


@pytest.fixture
def helper(tmp_path: Path) -> StartHelper:
    settings = {**fresh_secrets(), **PROVIDER, "ADRELAY_BILLING_HTTP_PORT": "4711"}
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    return StartHelper(Run(tmp_path / "folder", file))


async def test_one_process_answers_until_the_start_is_over(helper: StartHelper) -> None:
    checked = await helper.check()
    assert (checked.valid, checked.ports, checked.lack_database) == (True, {"billing": 4711}, list(SERVICES))
    pid = helper.pid
    assert pid is not None
    billing, gateway = await helper.settings({"ADRELAY_POSTGRES_URL": "x"}, [["billing"], ["gateway"]])
    assert helper.pid == pid
    assert billing["ADRELAY_POSTGRES_URL"] == gateway["ADRELAY_POSTGRES_URL"] == "x"
    assert "ADRELAY_GATEWAY_JWT_SECRET" in gateway
    assert "ADRELAY_GATEWAY_JWT_SECRET" not in billing
    await helper.end()
    assert not is_alive(pid)


async def test_after_the_start_each_request_has_a_process_of_its_own(
    helper: StartHelper, nats_server: EmbeddedNats, stream_prefix: str
) -> None:
    await helper.end()
    await helper.create_stream(nats_server.url, stream_prefix)
    assert helper.pid is None
    with pytest.raises(RuntimeFault, match="nats: the stream EVENTS can't be created"):
        await helper.create_stream("nats://nobody:nothing@127.0.0.1:x", "")


async def test_an_answer_that_nobody_awaits_any_more_is_not_taken_for_the_next_one(
    helper: StartHelper,
) -> None:
    await helper.check()
    url = f"nats://127.0.0.1:{free_port()}"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await helper.create_stream(url, "")
    assert (await helper.check()).valid
    await helper.end()


@asynccontextmanager
async def answering_late(port: int) -> AsyncGenerator[int]:
    """Yield a port that leads to another one from the second connection on."""
    before = 0

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal before
        before += 1
        if before > 1:
            there, here = await asyncio.open_connection(LOOPBACK, port)
            await asyncio.gather(_pass_on(reader, here), _pass_on(there, writer))
        writer.close()

    async with await asyncio.start_server(meet, LOOPBACK, 0) as server:
        yield server.sockets[0].getsockname()[1]
    assert before > 1


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):  # whichever side ends first
        while some := await source.read(65536):
            target.write(some)
            await target.drain()
    target.close()


async def test_what_is_logged_while_a_server_does_not_answer_yet_is_no_answer(
    helper: StartHelper, folder: Path
) -> None:
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    await postgres.start()
    try:
        async with answering_late(postgres.port) as port:
            await helper.prepare_roles(PostgresUrls(postgres.folder, port), ["billing"])
        assert (await helper.check()).valid
    finally:
        await helper.end()
        await postgres.stop()


async def test_an_answer_that_is_too_long_is_a_fault_and_the_next_one_is_right(
    helper: StartHelper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as short:
        short.setattr(child, "ANSWER_BYTES", 8)
        with pytest.raises(RuntimeFault, match="gave no answer"):
            await helper.check()
    assert helper.pid is None
    assert (await helper.check()).valid
    await helper.end()


async def test_an_answer_that_is_no_json_is_a_fault(
    helper: StartHelper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_helper, "MODULE", "this")  # prints the Zen of Python
    with pytest.raises(RuntimeFault, match="gave no answer: Expecting value"):
        await helper.check()
    assert helper.pid is None
