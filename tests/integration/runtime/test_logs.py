"""Logs are rotated while their programs run: no line is lost, and few files are kept."""

import asyncio
import re
import stat
from pathlib import Path

import asyncpg
import pytest

from adrelay.runtime import nats, postgres
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.service import Service
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.runtime.programs import python

pytestmark = pytest.mark.usefixtures("patient")
LINES = 2000
CHATTY = """
import os, sys
from pathlib import Path
from libs.chassis import logs
import structlog

file, logs.FILE_BYTES, logs.OLD_FILES_KEPT = Path(sys.argv[1]), 20_000, int(sys.argv[2])
os.write(2, b"before\\n")
logs.configure("bakery", level="info", style="json", file=file)
log = structlog.stdlib.get_logger()
for number in range(2000):
    log.info("bread.baked", loaf=number)
    if number % 100 == 0:
        os.write(1, b"printed %d\\n" % number)
print("error: the oven is cold", file=sys.stderr)
sys.exit(3)
"""


async def told(tmp_path: Path, *, kept: int) -> list[Path]:
    """Run a program that logs much more than fits into a file; return its files, the oldest first."""
    log = tmp_path / "logs" / "bakery.log"
    service = Service("bakery", python(CHATTY, log, kept), log=log)
    await service.start()
    assert await service.wait() == 3
    assert service.last_words() == "error: the oven is cold"
    return sorted(
        log.parent.iterdir(), key=lambda path: -int(path.suffix[1:]) if path.suffix != ".log" else 0
    )


async def test_a_service_rotates_its_log_without_losing_a_line(tmp_path: Path) -> None:
    files = await told(tmp_path, kept=1000)
    text = "".join(path.read_text() for path in files)
    assert len(files) > 5
    assert [int(loaf) for loaf in re.findall(r'"loaf": (\d+)', text)] == list(range(LINES))
    assert [int(number) for number in re.findall(r"printed (\d+)", text)] == list(range(0, LINES, 100))
    assert text.startswith("before\n")
    assert text.endswith("error: the oven is cold\n")


async def test_of_a_services_log_few_files_are_kept_for_its_owner_alone(tmp_path: Path) -> None:
    files = await told(tmp_path, kept=2)
    assert [path.name for path in files] == ["bakery.log.2", "bakery.log.1", "bakery.log"]
    assert all(path.stat().st_size < 21_000 for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_nats_rotates_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats, "LOG_BYTES", 1000)
    monkeypatch.setattr(nats, "LOGS_KEPT", 3)
    server = EmbeddedNats(tmp_path / "nats")
    for _ in range(4):
        await server.start()
        await server.stop()
    files = [path for path in server.log.parent.iterdir() if path.name.startswith("nats.log")]
    assert len(files) == 3
    assert all(path.stat().st_size < 2000 for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_postgres_rotates_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LOGS_KEPT", 2)
    monkeypatch.setitem(postgres.SETTINGS, "log_rotation_size", "1")
    server = EmbeddedPostgres(tmp_path / "postgres")
    await server.start()
    try:
        names = set[str]()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(names) < 3:  # one a second, for that is what their names tell
                await complain(server)
                assert await server.ready()
                names.update(path.name for path in server.logs)
            while len(server.logs) > 2:  # the server begins a file some time after it wrote too much
                assert await server.ready()
                await asyncio.sleep(0.1)
        assert {stat.S_IMODE(path.stat().st_mode) for path in server.logs} == {0o600}
    finally:
        await server.stop()


async def complain(server: EmbeddedPostgres) -> None:
    """Make the server write some lines."""
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        for _ in range(20):
            with pytest.raises(asyncpg.UndefinedTableError):
                await connection.execute("select * from nothing")
    finally:
        await connection.close()


async def test_what_a_server_says_before_it_opens_its_log_is_kept(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path / "nats", binary=broken(tmp_path))
    with pytest.raises(RuntimeFault, match="the oven is cold"):
        await server.start()


def broken(folder: Path) -> Path:
    """Return a program that only complains."""
    program = folder / "broken"
    program.write_text("#!/bin/sh\necho error: the oven is cold >&2\nexit 1\n")
    program.chmod(0o700)
    return program
