"""Reads an uploaded SQLite file, as a program in a process of its own.

A malicious file can cost its reader hours or gigabytes: so this program runs with limits (see
`session_reader`) and without secrets, and imports only the standard library, to start fast. Standard input:
the file. Standard output: `+`, the data centre in four bytes and the key, or `-` and the reason.
"""

import resource
import sqlite3
import sys
from contextlib import closing

MOST_BYTES = 300_000
"""The largest file, in bytes."""
TOO_COSTLY = (
    "this SQLite file takes more time or memory to read than any session: it was made so, or is damaged; "
    "upload the session as a string"
)
ANSWER_BYTES = 1024
_MOST_KEY_BYTES = 512
CPU_SECONDS = 1
_MEMORY_BYTES = 128 * 1024 * 1024
_HEAP_BYTES = 32 * 1024 * 1024
_STEPS = 1_000_000
"""The limit of SQLite's instructions for one statement; a real session's takes a few hundred."""

_WAL = b"\x02\x02"
_ROLLBACK = b"\x01\x01"
_TELETHON = frozenset({"dc_id", "server_address", "port", "auth_key"})
_PYROGRAM = frozenset({"test_mode", "is_bot"})
_TABLES = "select name from sqlite_master where type = 'table' limit 8"
_NAME_CHARACTERS = 40

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 2,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 4,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_PRAGMAS = frozenset({"table_list", "table_xinfo"})
_READ = frozenset({"sqlite_master", "sessions"})


class UnusableSession(Exception):
    """The file holds no usable session; the text says why."""


def read_key(data: bytes) -> tuple[object, object]:
    """Return the data centre and the key of the one signed-in row; raise `UnusableSession`."""
    # a database in memory has no write-ahead log: the main file is read as it is
    image = data[:18] + _ROLLBACK + data[20:] if data[18:20] == _WAL else data
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            _restrict(database)
            database.deserialize(image)
            database.set_authorizer(_allowed)  # not before: deserialising attaches a database
            return _signed_in(database)
    except MemoryError:
        raise UnusableSession(TOO_COSTLY) from None
    except (sqlite3.Error, OverflowError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            raise UnusableSession(TOO_COSTLY) from None
        raise UnusableSession(f"this SQLite file is damaged ({error}); take an undamaged copy") from None


def _restrict(database: sqlite3.Connection) -> None:
    """Limit the connection to this program's queries, and their cost."""
    for pragma in ("trusted_schema = off", "cell_size_check = on", f"hard_heap_limit = {_HEAP_BYTES}"):
        database.execute(f"pragma {pragma}")
    database.execute("pragma temp_store = memory")
    database.execute("pragma query_only = on")
    for limit, value in _LIMITS.items():
        database.setlimit(limit, value)
    database.text_factory = _text
    database.set_progress_handler(lambda: 1, _STEPS)


def _text(stored: bytes) -> str:
    return stored.decode(errors="replace")


def _allowed(action: int, what: str | None, _: str | None, __: str | None, within: str | None) -> int:
    """Deny functions, recursion, and all tables that a view or a trigger would read."""
    known = {
        sqlite3.SQLITE_SELECT: True,
        sqlite3.SQLITE_READ: what in _READ,
        sqlite3.SQLITE_PRAGMA: what in _PRAGMAS,
    }
    return sqlite3.SQLITE_OK if within is None and known.get(action) else sqlite3.SQLITE_DENY


def _signed_in(database: sqlite3.Connection) -> tuple[object, object]:
    _check_table(database)
    rows = database.execute("select dc_id, auth_key from sessions where auth_key <> x'' limit 2").fetchall()
    if not rows:
        raise UnusableSession(
            "this Telethon session was never signed in: it holds no key, or its newest data still lies in a "
            "journal beside it; close the program that uses it and upload it again"
        )
    if len(rows) > 1:
        centres = " and ".join(str(row[0])[:_NAME_CHARACTERS] for row in rows)
        raise UnusableSession(
            f"this file is signed in more than once (at the data centres {centres}); upload the one that is "
            "meant as a string session"
        )
    dc, key = rows[0]
    return dc, key


def _check_table(database: sqlite3.Connection) -> None:
    kinds = {row[1]: row[2] for row in database.execute("pragma table_list(sessions)") if row[0] == "main"}
    if "sessions" not in kinds:
        tables = database.execute(_TABLES)
        found = ", ".join(sorted(str(row[0])[:_NAME_CHARACTERS] for row in tables)) or "none"
        raise UnusableSession(
            f"this is a SQLite file, but no session: it has no table `sessions`, but {found}"
        )
    if kinds["sessions"] != "table":
        raise UnusableSession(
            f"`sessions` is a {kinds['sessions']} in this SQLite file, and no table as Telethon's"
        )
    columns = database.execute("pragma table_xinfo(sessions)").fetchall()
    names = {str(column[1]) for column in columns}
    if names >= _PYROGRAM:
        raise UnusableSession(
            "this is a Pyrogram session file; sign in with Telethon and upload its .session"
        )
    if not names >= _TELETHON or any(column[6] for column in columns):
        raise UnusableSession("the table `sessions` of this SQLite file is not Telethon's")


def limit_itself() -> None:
    """Forbid this process to open, write or start anything from now on, and limit its memory and time."""
    for limit, value in {
        resource.RLIMIT_AS: _MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }.items():
        resource.setrlimit(limit, (value, value))


def _packed(dc: object, key: object) -> bytes:
    if not isinstance(dc, int) or not isinstance(key, bytes):
        raise UnusableSession("this Telethon session was never signed in: it holds no key")
    if len(key) > _MOST_KEY_BYTES:
        raise UnusableSession(f"the key has {len(key)} bytes, 256 are needed: the session was changed")
    try:
        return b"+" + dc.to_bytes(4, "big") + key
    except OverflowError:
        raise UnusableSession(f"there is no data centre {dc}") from None


def _answer(data: bytes) -> bytes:
    try:
        return _packed(*read_key(data))
    except UnusableSession as error:
        return b"-" + str(error).encode(errors="replace")


if __name__ == "__main__":
    limit_itself()
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read(MOST_BYTES))[:ANSWER_BYTES])
