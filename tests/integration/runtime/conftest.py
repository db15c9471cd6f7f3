"""A folder for servers to keep their data in."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account can reach; pytest closes its own whenever another run begins."""
    path = Path(tempfile.mkdtemp(prefix="adrelay-runtime-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
