"""The search for secrets has teeth: one that is written anywhere, in any form, is found."""

import asyncio
import base64
import json
import secrets
import smtplib
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from prometheus_client import CollectorRegistry, Info, start_http_server

from adrelay.runtime.ports import free_port
from libs.chassis.broker import connect_nats
from sandbox.mail import MailControl, MailSandbox
from tests.support.leaks import (
    Secrets,
    command_lines,
    files_of,
    leaks,
    mails_in,
    messages_of,
    pages_of,
    rows_of,
)

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal in capitals": lambda secret: secret.encode().hex().upper(),
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "Base64 behind one byte": lambda secret: base64.b64encode(b"x" + secret.encode() + b"y").decode(),
    "Base64 behind two bytes": lambda secret: base64.b64encode(b"xy" + secret.encode()).decode(),
    "Base64 for URLs": lambda secret: base64.urlsafe_b64encode(b">?" + secret.encode()).decode(),
    "quoted in a URL": lambda secret: quote(secret, safe=""),
    "quoted in JSON": json.dumps,
}


@pytest.fixture
def secret() -> str:
    """Return a secret that is written in another way wherever something is quoted."""
    return f'planted/{secrets.token_urlsafe(16)}?"+'


def found(secret: str, places: list[tuple[str, bytes]]) -> list[str]:
    return leaks(Secrets({"it": secret, "another": secrets.token_urlsafe()}), places)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_in_every_form(secret: str, form: Callable[[str], str]) -> None:
    written = f"before {form(secret)} after".encode()
    assert found(secret, [("a text", written), ("another", b"nothing")]) == ["it in a text"]


async def test_a_secret_is_found_in_tables_also_as_bytes(secret: str, empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute("create schema s; create table s.a (b bytea); create table c (d jsonb)")
    await connection.execute("insert into s.a values ($1)", b"xy" + secret.encode())
    await connection.execute("insert into c values ($1)", json.dumps({"deep": [secret]}))
    await connection.close()
    assert found(secret, await rows_of("db", empty_database)) == ["it in db public.c", "it in db s.a"]


async def test_a_secret_is_found_in_bodies_and_headers_of_the_stream(
    secret: str, nats_url: str, stream_prefix: str
) -> None:
    client: Any = await connect_nats(nats_url, "tests")
    names = [f"{stream_prefix}-{one}" for one in ("body", "header")]
    for name in names:
        await client.jetstream().add_stream(name=name, subjects=[name])
    await client.jetstream().publish(names[0], secret.encode())
    await client.jetstream().publish(names[1], b"", headers={"trace": secret})
    await client.close()
    assert found(secret, await messages_of(nats_url)) == [f"it in stream {name}" for name in names]


async def test_a_secret_is_found_in_files_pages_and_command_lines(secret: str, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "gateway.log.1").write_text(json.dumps({"error": secret}))
    registry, port = CollectorRegistry(), free_port()
    Info("leak", "A label with a secret.", registry=registry).info({"why": secret})
    server, thread = start_http_server(port, "127.0.0.1", registry)
    program = ("-c", "import sys; sys.stdin.read()", secret)
    child = await asyncio.create_subprocess_exec(sys.executable, *program, stdin=asyncio.subprocess.PIPE)
    url = f"http://127.0.0.1:{port}/metrics"
    try:
        places = [*files_of(tmp_path), *await pages_of(url), *command_lines(child.pid)]
        assert found(secret, places) == [
            f"it in command line of {child.pid}",
            "it in file gateway.log.1",
            f"it in page {url}",
        ]
    finally:
        await child.communicate(b"")
        server.shutdown()
        server.server_close()
        thread.join()


async def test_a_secret_is_found_in_mails(secret: str) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.com", "b@example.com", "news"
    letter.set_content("Plain")
    letter.add_alternative(f"<p>{secret}</p>", subtype="html")
    async with MailSandbox() as sandbox, MailControl(sandbox.control_url) as control:

        def send() -> None:
            with smtplib.SMTP(sandbox.host, sandbox.port) as client:
                client.send_message(letter)

        await asyncio.to_thread(send)
        assert found(secret, mails_in(await control.mails())) == ["it in mail 1"]
