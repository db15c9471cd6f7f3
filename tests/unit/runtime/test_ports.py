"""Ports for servers: given to one process only, from the question until its server listens."""

import random
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from adrelay.runtime.ports import LOOPBACK, RESERVED_AT_MOST, free_port, is_free, reserve

SEED = 20_768
ASK = f"""
import random
from adrelay.runtime.ports import free_port
random.seed({SEED})
print(free_port(), flush=True)
input()
"""


@pytest.fixture
def other() -> Iterator[int]:
    """The port that another process asked for, which lives and does not listen yet."""
    with subprocess.Popen(  # noqa: S603 - this interpreter and a constant program
        [sys.executable, "-c", ASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


def test_a_port_is_given_to_one_process_only(other: int) -> None:
    random.seed(SEED)  # would choose the same one
    assert not reserve(other)
    assert free_port() != other


def test_a_server_listens_on_the_reserved_port_as_often_as_it_starts() -> None:
    port = free_port()
    for _ in range(2):
        assert is_free(port)
        with socket.create_server((LOOPBACK, port)):
            assert not is_free(port)
    assert not reserve(port)


def test_the_oldest_reservations_end() -> None:
    first = free_port()
    for _ in range(RESERVED_AT_MOST):
        free_port()
    assert reserve(first)
