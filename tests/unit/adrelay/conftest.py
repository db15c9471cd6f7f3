"""Fixtures of the tests of commands."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in an empty folder with an environment without settings."""
    for name in [name for name in os.environ if name.startswith("ADRELAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # removes the variables that a test's .env file adds
    monkeypatch.chdir(tmp_path)
    return tmp_path
