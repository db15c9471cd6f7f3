"""Single connections, and a server that does not answer."""

import os
import signal

from libs.eventsourcing.store.connections import close, connect
from tests.support.suspending import suspend


async def test_a_server_that_does_not_answer_fails_nobody_who_is_done(empty_database: str) -> None:
    connection = await connect(empty_database)
    backend = connection.get_server_pid()
    await suspend(backend)
    try:
        await close(connection)
    finally:
        os.kill(backend, signal.SIGCONT)
    assert connection.is_closed()
