"""A folder for the data of servers."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that PostgreSQL's account can read; pytest restricts its own."""
    path = Path(tempfile.mkdtemp(prefix="adrelay-runtime-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
