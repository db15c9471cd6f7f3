"""Which uploads are sessions, and the reasons for which others are refused."""

import base64
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession, StringSession

from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.sessions import FILE_PREFIX, SessionKey, Unreadable

KEY = secrets.token_bytes(256)


def fill(session: Any, key: bytes = KEY, server: str = "203.0.113.9") -> Any:  # noqa: ANN401 - untyped
    session.set_dc(4, server, 443)
    session.auth_key = AuthKey(key)
    return session


def telethon_file(folder: Path, key: bytes = KEY) -> Path:
    session: Any = fill(SQLiteSession(str(folder / "good")), key)
    session.save()
    session.close()
    return folder / "good.session"


def database(path: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path.read_bytes()


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def read_file(data: bytes) -> SessionKey:
    return await SessionReader().read(FILE_PREFIX + base64.b64encode(data).decode())


async def refusal(data: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        await read_file(data)
    text = str(refused.value)
    assert KEY.hex() not in text
    return text


@pytest.mark.parametrize("server", ["203.0.113.9", "2001:db8::9"])
async def test_a_string_session_is_read_as_telethon_wrote_it(server: str) -> None:
    text: str = StringSession.save(fill(StringSession(), server=server))
    secret = await SessionReader().read(f"  {text}\n")
    assert (secret.dc, secret.key) == (4, KEY)
    assert KEY.hex() not in repr(secret)


async def test_a_file_is_converted_as_by_telethon(tmp_path: Path) -> None:
    path = telethon_file(tmp_path)
    session: Any = SQLiteSession(str(path))
    text = StringSession.save(session)
    session.close()
    wrapped = FILE_PREFIX + base64.encodebytes(path.read_bytes()).decode()
    assert await SessionReader().read(wrapped) == await SessionReader().read(text)


async def test_a_file_in_wal_mode_is_read_with_its_journal(tmp_path: Path) -> None:
    path = telethon_file(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("insert into entities values (1, 2, null, null, 'somebody', 0)")
        connection.commit()
        assert path.with_name(f"{path.name}-wal").exists()
        assert (await read_file(path.read_bytes())).key == KEY


async def test_reading_does_not_write_to_the_file(tmp_path: Path) -> None:
    path = telethon_file(tmp_path)
    before = path.read_bytes()
    path.with_name(f"{path.name}-journal").write_bytes(b"a journal of somebody else")
    listed = files_in(tmp_path)
    assert (await read_file(path.read_bytes())).key == KEY
    assert files_in(tmp_path) == listed
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_as_such() -> None:
    assert "no SQLite file" in await refusal(b"PK\x03\x04 a zip archive, or anything else")
    assert "empty" in await refusal(b"")


async def test_a_truncated_file_is_refused_as_such(tmp_path: Path) -> None:
    data = telethon_file(tmp_path).read_bytes()
    assert "cut off" in await refusal(data[: len(data) // 2])
    assert "cut off" in await refusal(data[:60])


async def test_a_damaged_file_is_refused_as_such(tmp_path: Path) -> None:
    data = bytearray(telethon_file(tmp_path).read_bytes())
    data[100:4096] = secrets.token_bytes(3996)
    assert "damaged" in await refusal(bytes(data))


async def test_a_pyrogram_file_is_refused_as_such(tmp_path: Path) -> None:
    columns = "dc_id integer, api_id integer, test_mode integer, auth_key blob, date integer, user_id integer"
    data = database(tmp_path / "pyrogram", f"create table sessions ({columns}, is_bot integer)")
    assert "Pyrogram" in await refusal(data)


async def test_another_database_is_refused_as_such(tmp_path: Path) -> None:
    assert "recipes" in await refusal(database(tmp_path / "cook", "create table recipes (name text)"))
    assert "not Telethon's" in await refusal(
        database(tmp_path / "web", "create table sessions (cookie text)")
    )


async def test_a_session_that_was_never_signed_in_is_refused_as_such(tmp_path: Path) -> None:
    columns = (
        "dc_id integer primary key, server_address text, port integer, auth_key blob, takeout_id integer"
    )
    table = f"create table sessions ({columns})"
    assert "never signed in" in await refusal(database(tmp_path / "empty", table))
    insert = "insert into sessions values (2, '203.0.113.9', 443, x'', null)"
    assert "never signed in" in await refusal(database(tmp_path / "blank", table, insert))


@pytest.mark.parametrize("size", [16, 255, 257])
async def test_a_key_of_another_length_is_refused_as_such(tmp_path: Path, size: int) -> None:
    assert f"{size} bytes" in await refusal(telethon_file(tmp_path, secrets.token_bytes(size)).read_bytes())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("hello", "no Telethon string session"),
        ("1" + "A" * 340, "no Telethon string session"),
        ("1" + "!" * 352, "changed"),
        ("A" * 362, "Pyrogram"),
        ("A" * 356, "Pyrogram"),
        ("1" + "A" * 351 + "=", "data centre|never signed in"),
        ("base64:no base64 at all!", "not valid base64"),
    ],
)
async def test_a_text_that_is_no_session_is_refused_as_such(text: str, expected: str) -> None:
    with pytest.raises(Unreadable, match=expected):
        await SessionReader().read(text)


async def test_a_string_session_of_no_data_centre_is_refused() -> None:
    session: Any = fill(StringSession())
    session.set_dc(0, "203.0.113.9", 443)
    with pytest.raises(Unreadable, match="data centre"):
        await SessionReader().read(
            "1" + StringSession.encode(b"\x00" + b"\xcb\x00\x71\x09" + b"\x01\xbb" + KEY)
        )
