"""A folder for the data of servers, and patience with those that are well."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adrelay.runtime import health, postgres_ready
from tests.deadlines import DEADLINE_SECONDS


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that PostgreSQL's account can read; pytest restricts its own."""
    path = Path(tempfile.mkdtemp(prefix="adrelay-runtime-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time over an answer: a program that is well is ready at each check."""
    for module in (health, postgres_ready):
        monkeypatch.setattr(module, "PROBE_SECONDS", DEADLINE_SECONDS)
