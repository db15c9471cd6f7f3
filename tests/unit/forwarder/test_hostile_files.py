"""Files built to cost hours or gigabytes are refused within narrow limits."""

import asyncio
import base64
import os
import random
import sqlite3
import struct
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from services.forwarder.vault.session_file import MOST_BYTES
from services.forwarder.vault.session_reader import PROGRAM, SessionReader
from services.forwarder.vault.sessions import FILE_PREFIX, SessionKey, Unreadable
from tests.deadlines import DEADLINE_SECONDS

KEY = bytes(range(256))
PAGE_BYTES = 512
TABLE = (
    "create table sessions (dc_id integer primary key, server_address text, port integer, auth_key blob, "
    "takeout_id integer)"
)
ENDLESS = (
    "as with recursive n (i) as (select 1 union all select i + 1 from n) "
    "select i as dc_id, '' as server_address, 0 as port, zeroblob(1000000) as auth_key from n"
)
SIGNED_IN = "insert into sessions values ({}, '149.154.167.51', 443, x'KEY', null)".replace("KEY", KEY.hex())
FILLER = "insert into t values (zeroblob({}))"
BARE = "insert into sessions (dc_id) values ({})"
SIGNED_OUT = "insert into sessions values ({}, '149.154.175.53', 443, null, null)"


def image_of(*statements: str, page_bytes: int = PAGE_BYTES) -> bytearray:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute(f"pragma page_size = {page_bytes}")
        for statement in statements:
            database.execute(statement)
        return bytearray(database.serialize())


def page_of_children(child: int, count: int) -> bytes:
    """Return an interior page of a table, all of whose children are one page."""
    cells = [struct.pack(">IB", child, number % 100) for number in range(count)]
    at = PAGE_BYTES - 5 * count
    pointers = b"".join(struct.pack(">H", at + 5 * number) for number in range(count))
    head = struct.pack(">BHHHBI", 5, 0, count, at, 0, child)
    return (head + pointers).ljust(at, b"\0") + b"".join(cells)


def shared_pages(row: str, levels: int = 8, children: int = 60) -> bytes:
    """Return a file whose few pages refer to each other, as if it had an endless number of rows."""
    filler = [f"create table t{number} (a)" for number in range(levels)]
    image = image_of(TABLE, *filler, *(row.format(number) for number in range(1, 5)))
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(bytes(image))
        pages = dict(database.execute("select name, rootpage from sqlite_master"))
    leaf, root = pages["t0"], pages["sessions"]
    copied = image[(root - 1) * PAGE_BYTES : root * PAGE_BYTES]
    image[(leaf - 1) * PAGE_BYTES : leaf * PAGE_BYTES] = copied
    child = leaf
    for page in [*(pages[f"t{number}"] for number in range(1, levels)), root]:
        image[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = page_of_children(child, children)
        child = page
    return bytes(image)


def disguised_view() -> bytes:
    """Return a file whose schema declares a view as a table."""
    return bytes(
        image_of(
            "create table t (a)",
            f"create view sessions {ENDLESS}",
            "pragma writable_schema = on",
            "update sqlite_master set type = 'table', rootpage = 2 where name = 'sessions'",
            "delete from sqlite_master where name = 't'",
        )
    )


def blob_without_end() -> bytes:
    """Return a file with a key of a gigabyte, all of it in one page that follows itself."""
    image = image_of(TABLE, SIGNED_IN.format(2).replace(KEY.hex(), KEY.hex() * 4))
    # the record's header names the blob's length: 12 + 2 * 1024, in a varint of two bytes
    at = image.index(bytes([0x90, 0x0C]), PAGE_BYTES)
    image[at : at + 2] = bytes([0xFF, 0x7C])
    return bytes(image)


def scrambled(seed: int) -> bytes:
    image = image_of(
        TABLE, SIGNED_IN.format(2), *(f"create table t{number} (a, b, c)" for number in range(20))
    )
    dice = random.Random(seed)
    for _ in range(40):
        image[dice.randrange(100, len(image))] = dice.randrange(256)
    return bytes(image)


HOSTILE = {
    "a view in place of the table": (bytes(image_of(f"create view sessions {ENDLESS}")), "is a view"),
    "a view that is called a table": (disguised_view(), "damaged"),
    "rows without number": (shared_pages(SIGNED_OUT), "more time or memory"),
    "rows without number, all signed in": (shared_pages(SIGNED_IN), "more than once"),
    "a column that is computed": (
        bytes(
            image_of(
                TABLE.replace("auth_key blob", "auth_key blob generated always as (zeroblob(100000000))"),
                *map(BARE.format, range(1, 100)),
            )
        ),
        "not Telethon's",
    ),
    "a virtual table": (
        bytes(image_of("create virtual table sessions using fts5(dc_id, server_address, port, auth_key)")),
        "is a virtual",
    ),
    "a long key that is a default": (
        bytes(
            image_of(
                "create table sessions (dc_id integer primary key, server_address, port)",
                *map(BARE.format, range(1, 5000)),
                f"alter table sessions add column auth_key blob default x'{'ab' * 40_000}'",
            )
        ),
        "more than once",
    ),
    "a key of a megabyte": (
        bytes(image_of(TABLE, SIGNED_IN.format(2).replace(KEY.hex(), "ab" * 120_000), page_bytes=4096)),
        "120000 bytes",
    ),
    "a blob without end": (blob_without_end(), "damaged"),
    "hundreds of tables": (bytes(image_of(*map("create table t{} (a)".format, range(500)))), "no table"),
    "text that is no UTF-8": (
        bytes(image_of("create table recipes (a)").replace(b"recipes", b"rec\xff\xfees")),
        "no table `sessions`",
    ),
    **{f"damage {seed}": (scrambled(seed), "") for seed in range(6)},
}


async def read(data: bytes, reader: SessionReader | None = None) -> SessionKey:
    return await (reader or SessionReader()).read(FILE_PREFIX + base64.b64encode(data).decode())


async def answer_to(data: bytes) -> str:
    try:
        await read(data)
    except Unreadable as refused:
        return str(refused)
    return ""


def resident_kilobytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_file_is_refused_soon_without_load_on_this_process(name: str) -> None:
    data, expected = HOSTILE[name]
    before, began = resident_kilobytes(), time.process_time()
    answer = await answer_to(data)
    if not name.startswith("damage"):  # the damaged part may be one that the reader does not need
        assert expected in answer
    assert len(answer) < 1200
    assert time.process_time() - began < 0.5
    assert resident_kilobytes() - before < 20_000


async def test_of_several_rows_the_signed_in_one_is_used() -> None:
    data = image_of(TABLE, SIGNED_OUT.format(1), SIGNED_IN.format(2), SIGNED_OUT.format(3))
    assert await read(bytes(data)) == SessionKey(2, KEY)
    data = image_of(TABLE, SIGNED_IN.format(2), SIGNED_IN.format(4))
    with pytest.raises(Unreadable, match=r"signed in more than once.*2 and 4"):
        await read(bytes(data))


async def test_reading_files_does_not_block_the_loop_and_is_limited_in_concurrency() -> None:
    """Twenty files that use all their time: other uploads do not wait for them."""
    running: list[int] = []
    reader = SessionReader(at_once=2)
    reading = [asyncio.create_task(read(shared_pages(SIGNED_OUT), reader)) for _ in range(20)]
    began = time.process_time()
    while not all(task.done() for task in reading):
        await asyncio.sleep(0.005)
        running.append(children())
    assert all(isinstance(task.exception(), Unreadable) for task in reading)
    assert max(running) <= 2
    assert len(running) > 20
    assert time.process_time() - began < 1.0


def children() -> int:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sum(str(PROGRAM).encode() in command_line(child) for child in listed)


def command_line(process: str) -> bytes:
    """Return a process's command line; empty once it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def program(folder: Path, body: str) -> Path:
    """Return a program that sets the real limits, goes wrong, and then reports a key."""
    path = folder / "program.py"
    path.write_text(
        f"import os, sys, socket\nsys.path.insert(0, {str(PROGRAM.parent)!r})\nimport session_file\n"
        f"session_file.limit_itself()\n{body}\n"
        "sys.stdout.buffer.write(b'+' + (2).to_bytes(4, 'big') + bytes(range(256)))\n"
    )
    return path


@pytest.mark.parametrize(
    "body",
    [
        "bytearray(1 << 29)",
        "while True: pass",
        "open('/etc/hostname')",
        "socket.socket()",
        "sys.stdin.buffer.read(1 << 29); 1 / len(os.environ.get('SECRET_OF_THE_PARENT', ''))",
        "os.kill(os.getpid(), 9)",
    ],
)
async def test_a_child_process_that_exceeds_its_limits_is_a_refusal(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PARENT", "set")
    with pytest.raises(Unreadable, match="more time or memory"):
        await read(bytes(image_of(TABLE)), SessionReader(program=program(tmp_path, body)))


async def test_a_child_process_that_hangs_or_prints_without_end_is_killed(tmp_path: Path) -> None:
    sleeps = f"import time; time.sleep({3 * DEADLINE_SECONDS})"
    for body in (sleeps, "while True: sys.stdout.buffer.write(b'-' * 65536)"):
        began = time.monotonic()
        with pytest.raises(Unreadable):
            await read(
                bytes(image_of(TABLE)), SessionReader(wall_seconds=0.7, program=program(tmp_path, body))
            )
        assert time.monotonic() - began < DEADLINE_SECONDS


async def test_the_largest_file_that_may_be_uploaded_is_read() -> None:
    filler = FILLER.format(MOST_BYTES - 60_000)
    data = bytes(image_of(TABLE, SIGNED_IN.format(2), "create table t (a)", filler, page_bytes=4096))
    assert MOST_BYTES - 60_000 < len(data) <= MOST_BYTES
    assert (await read(data)).key == KEY
