"""Small programs to supervise, and waits for their effects."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.deadlines import DEADLINE_SECONDS

HEALTHY = """
import http.server, sys
from pathlib import Path
port, switch = int(sys.argv[1]), Path(sys.argv[2])
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" and switch.exists() else 503)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
"""

POLITE = """
import signal, sys, time
from pathlib import Path
name, journal = sys.argv[1], Path(sys.argv[2])
def end(*_):
    time.sleep(0.1)
    with journal.open("a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
signal.pause()
"""

DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()
"""

CRASHING = """
import sys
print("one more try")
sys.exit("no secret is set")
"""


def python(program: str, *arguments: object) -> list[str]:
    """Return the command that runs a program."""
    return [sys.executable, "-c", program, *map(str, arguments)]


async def until(condition: Callable[[], bool], within_seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until the condition holds."""
    give_up = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come true in time"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def user_ids(pid: int) -> list[int]:
    """Return the user ids of a process: real, effective, saved, file system."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next([int(uid) for uid in line.split()[1:]] for line in lines if line.startswith("Uid:"))
