"""Reads uploaded sessions: texts directly, files in a sandboxed child process with limits."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from prometheus_client import Counter

from services.forwarder.vault import session_file
from services.forwarder.vault.sessions import SessionKey, Unreadable, checked, file_of, read_string

AT_ONCE = 2
"""How many files are read concurrently; others wait."""
WALL_SECONDS = 10.0
READS = Counter(
    "adrelay_forwarder_session_files_total", "Uploaded files that were read, by outcome.", ["outcome"]
)

PROGRAM = Path(session_file.__file__)
_KEY = b"+"
_REST_BYTES = 65_536


class SessionReader:
    """Reads the sessions that are uploaded to one process.

    A file is read by a child process, which gets it on its standard input, inherits no environment variable
    and no open file, and writes nothing to disk; `session_file` sets its own limits.
    """

    def __init__(
        self, *, at_once: int = AT_ONCE, wall_seconds: float = WALL_SECONDS, program: Path = PROGRAM
    ) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._wall_seconds = wall_seconds
        self._program = program

    async def read(self, content: str) -> SessionKey:
        """Return the session in an uploaded text; raise `Unreadable` saying what is wrong with it."""
        data = file_of(content)
        if data is None:
            return read_string(content)
        try:
            secret = _secret_in(await self._answer(data))
        except Unreadable:
            READS.labels("refused").inc()
            raise
        READS.labels("read").inc()
        return secret

    async def _answer(self, data: bytes) -> bytes:
        """Return the child's output; empty if it hit a limit."""
        async with self._turns:
            # isolated and without site packages: it starts faster, and has none of our code in its memory
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-S", str(self._program)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
                cwd="/",
                limit=session_file.ANSWER_BYTES,
            )
            try:
                async with asyncio.timeout(self._wall_seconds):
                    return await _answer_of(child, data)
            except TimeoutError:
                return b""
            finally:
                await _end(child)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    while child.stdout is not None and await child.stdout.read(_REST_BYTES):
        pass  # a pipe with unread data would stay open
    await child.wait()


async def _answer_of(child: asyncio.subprocess.Process, data: bytes) -> bytes:
    stdin, stdout = child.stdin, child.stdout
    if stdin is None or stdout is None:
        return b""
    with suppress(ConnectionError):  # the child may have exited before it read everything
        stdin.write(data)
        await stdin.drain()
    stdin.close()
    answer = b""
    while len(answer) < session_file.ANSWER_BYTES and (piece := await stdout.read(session_file.ANSWER_BYTES)):
        answer += piece
    return answer if await child.wait() == 0 else b""


def _secret_in(answer: bytes) -> SessionKey:
    if not answer:
        raise Unreadable(session_file.TOO_COSTLY)
    if not answer.startswith(_KEY):
        raise Unreadable(answer[1:].decode(errors="replace"))
    return checked(int.from_bytes(answer[1:5], "big"), answer[5:])
