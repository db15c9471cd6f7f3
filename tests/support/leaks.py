"""Looks for secrets in all that is written: tables, the stream, files, pages, mails, command lines."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
from nats.js.errors import NotFoundError

from libs.chassis.broker import connect_nats
from sandbox.mail.messages import MailView
from tests.deadlines import DEADLINE_SECONDS

SHORTEST = 8
"""A shorter secret would be found by chance."""
_TABLES = """
select format('%I.%I', schemaname, tablename) as name from pg_tables
where schemaname not in ('pg_catalog', 'information_schema')
"""


class Secrets:
    """Secrets by name, each in the forms in which it may be written."""

    def __init__(self, secrets: Mapping[str, str | bytes]) -> None:
        given = {name: one.encode() if isinstance(one, str) else one for name, one in secrets.items()}
        assert all(len(one) >= SHORTEST for one in given.values()), "too short to be looked for"
        self._forms = {name: tuple(set(_forms(one))) for name, one in given.items()}

    def found_in(self, content: bytes) -> list[str]:
        """Return the names of the secrets that a content has in any form."""
        return [name for name, forms in self._forms.items() if any(form in content for form in forms)]


def leaks(secrets: Secrets, places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return where which secret was found, by name: the output of a test must not hold secrets either."""
    return sorted({f"{name} in {place}" for place, content in places for name in secrets.found_in(content)})


def _forms(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield quote(secret, safe="").encode()
    once = json.dumps(secret.decode("latin-1"))[1:-1]
    yield once.encode()
    yield json.dumps(once)[1:-1].encode()  # JSON in a text column, of which a row is JSON
    for before in range(3):  # what stands before it in the encoded text shifts it
        plain = base64.b64encode(bytes(before) + secret)
        begin, end = (8 * before + 5) // 6, 8 * (before + len(secret)) // 6
        yield plain[begin:end]
        yield base64.urlsafe_b64encode(bytes(before) + secret)[begin:end]


async def rows_of(name: str, url: str) -> list[tuple[str, bytes]]:
    """Return each table of a database with all its rows as JSON; bytes are in hexadecimal digits."""
    connection = await asyncpg.connect(url)
    try:
        tables = [row["name"] for row in await connection.fetch(_TABLES)]
        found: list[tuple[str, bytes]] = []
        for table in tables:
            rows = await connection.fetch(f"select to_jsonb(found)::text from {table} found")  # noqa: S608
            found.append((f"{name} {table}", "\n".join(row[0] for row in rows).encode()))
    finally:
        await connection.close()
    assert any(content for _, content in found), f"{name} has no rows"
    return found


async def messages_of(url: str) -> list[tuple[str, bytes]]:
    """Return the messages of each stream of a broker, with subjects and headers."""
    client: Any = await connect_nats(url, "tests")  # nats-py is typed in parts
    found: list[tuple[str, bytes]] = []
    try:
        context = client.jetstream()
        for stream in await context.streams_info():
            name, state, content = str(stream.config.name), stream.state, bytearray()
            for sequence in range(state.first_seq, state.last_seq + 1):
                try:
                    message = await context.get_msg(name, sequence)
                except NotFoundError:  # deleted, as a fencing token that was replaced
                    continue
                content += f"{message.subject} {message.headers} ".encode() + (message.data or b"") + b"\n"
            found.append((f"stream {name}", bytes(content)))
    finally:
        await client.close()
    return found


def files_of(*folders: Path) -> list[tuple[str, bytes]]:
    """Return all files below some folders, which programs may be writing."""
    found: list[tuple[str, bytes]] = []
    for file in sorted(file for folder in folders for file in folder.rglob("*")):
        with suppress(FileNotFoundError, IsADirectoryError):  # replaced by another since it was listed
            found.append((f"file {file.name}", file.read_bytes()))
    return found


async def pages_of(*urls: str) -> list[tuple[str, bytes]]:
    """Return pages, such as those of metrics."""
    async with httpx.AsyncClient(timeout=DEADLINE_SECONDS) as http:
        answers = [await http.get(url) for url in urls]
    assert all(answer.is_success for answer in answers)
    return [(f"page {answer.url}", f"{answer.headers} {answer.text}".encode()) for answer in answers]


def mails_in(mails: Iterable[MailView]) -> list[tuple[str, bytes]]:
    """Return mails with their headers."""
    return [(f"mail {mail.id}", mail.model_dump_json().encode()) for mail in mails]


def command_lines(*pids: int) -> list[tuple[str, bytes]]:
    """Return the command lines of processes."""
    return [(f"command line of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()) for pid in pids]
