"""A stranger that answers on a program's port is not taken for the program; an end is told with its cause."""

import sys
from pathlib import Path

import pytest

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.ports import free_port
from adrelay.runtime.service import Service
from adrelay.runtime.states import Pace, State
from adrelay.runtime.supervisor import Supervisor
from tests.integration.runtime.programs import DEAF, HEALTHY, python, until

pytestmark = pytest.mark.usefixtures("patient")
QUICK = Pace(first_delay_seconds=0.1, poll_seconds=0.02, check_seconds=0.05, stop_seconds=5)
NAMES_ITSELF = """
import http.server, json, os, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "ok", "pid": os.getpid()}).encode())
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
FAILS = """
import sys
try:
    raise KeyError("plan")
except KeyError:
    import traceback
    traceback.print_exc()
print("Unclosed connection", file=sys.stderr)
sys.exit(1)
"""


@pytest.mark.parametrize("stranger", [HEALTHY, NAMES_ITSELF])
async def test_a_stranger_on_the_port_does_not_make_a_program_ready(tmp_path: Path, stranger: str) -> None:
    port, switch = free_port(), tmp_path / "switch"
    switch.touch()
    url = f"http://127.0.0.1:{port}/health/ready"
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(Service("stranger", python(stranger, port, switch), health_urls=[url]))
        await supervisor.until_ready()
        supervisor.supervise(Service("ours", python(DEAF), health_urls=[url], reports_pid=True))
        with pytest.raises(RuntimeFault, match="ours is starting"):
            await supervisor.until_ready("ours", within_seconds=1)
        supervisor.hurry()


async def test_a_program_that_names_itself_is_ready() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/health/ready"
    service = Service("ours", python(NAMES_ITSELF, port), health_urls=[url], reports_pid=True)
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(service)
        await supervisor.until_ready()


async def test_of_a_program_that_crashed_its_exception_is_told(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(Service("s", python(FAILS), health_urls=[url], log=tmp_path / "log"))
        with pytest.raises(RuntimeFault, match=r"exit code 1: KeyError: 'plan'$"):
            await supervisor.until_ready()


async def test_in_a_hurry_nobody_is_waited_for(tmp_path: Path) -> None:
    lines: list[str] = []
    deaf = Service("deaf", python(DEAF), on_line=lines.append, log=tmp_path / "log")
    supervisor = Supervisor(pace=Pace(stop_seconds=600))
    async with supervisor:
        supervisor.supervise(deaf)
        await until(lambda: lines == ["deaf"])
        supervisor.hurry()
    assert supervisor.status("deaf").state is State.STOPPED
    assert supervisor.status("deaf").detail == "killed, for it was told to end at once"


async def test_what_a_program_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    program = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"
    made = tmp_path / "made"
    service = Service("writer", [sys.executable, "-c", program, str(made)])
    await service.start()
    assert await service.wait() == 0
    assert made.stat().st_mode & 0o777 == 0o600
