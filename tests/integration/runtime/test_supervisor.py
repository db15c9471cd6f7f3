"""The supervisor restarts what ends by itself, knows what is ready, and stops in order."""

import logging
import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.service import Service
from adrelay.runtime.states import Pace, State, Status
from adrelay.runtime.supervisor import Supervisor
from tests.integration.runtime.programs import CRASHING, DEAF, HEALTHY, POLITE, is_alive, python, until

pytestmark = pytest.mark.usefixtures("patient")
QUICK = Pace(first_delay_seconds=0.1, poll_seconds=0.02, check_seconds=0.05, stop_seconds=5)


def polite(name: str, journal: Path) -> tuple[Service, list[str]]:
    lines: list[str] = []
    return Service(name, python(POLITE, name, journal), on_line=lines.append), lines


async def test_a_program_that_crashes_is_restarted_with_growing_delay(tmp_path: Path) -> None:
    ended: list[tuple[float, Status]] = []

    def note(status: Status) -> None:
        if status.state is State.RESTARTING:
            ended.append((time.monotonic(), status))

    async with Supervisor(note, pace=Pace(first_delay_seconds=0.2, longest_delay_seconds=0.8)) as supervisor:
        supervisor.supervise(Service("crashing", python(CRASHING), log=tmp_path / "crashing.log"))
        await until(lambda: len(ended) >= 4)
    delays = [later - earlier for (earlier, _), (later, _) in pairwise(ended[:4])]
    assert [delay > least for delay, least in zip(delays, (0.2, 0.4, 0.8), strict=True)] == [True] * 3
    _, status = ended[3]
    assert status.restarts == 3
    assert status.detail == "exit code 1: no secret is set"


def test_the_delay_doubles_up_to_a_limit() -> None:
    pace = Pace(first_delay_seconds=0.2, longest_delay_seconds=1)
    assert [pace.delay_seconds(failures) for failures in (1, 2, 3, 4, 1000)] == [0.2, 0.4, 0.8, 1, 1]


async def test_who_has_run_for_a_while_is_restarted_with_the_shortest_delay(tmp_path: Path) -> None:
    pace = Pace(first_delay_seconds=0.05, longest_delay_seconds=60, calm_after_seconds=0.1, poll_seconds=0.02)
    service, lines = polite("s", tmp_path / "journal")
    async with Supervisor(pace=pace) as supervisor:
        supervisor.supervise(service)
        for restarts in range(12):  # doubling each time, the last delay would be 100 s
            await until(lambda: len(lines) == restarts + 1)  # noqa: B023 - awaited within the round
            await until(lambda: supervisor.status("s").uptime_seconds > 0.1)
            assert service.pid is not None
            os.kill(service.pid, signal.SIGKILL)
        await until(lambda: supervisor.status("s").restarts == 12)
        assert supervisor.status("s").detail == "killed by SIGKILL"


async def test_a_program_is_ready_when_its_health_page_says_so(tmp_path: Path) -> None:
    port, switch = free_port(), tmp_path / "switch"
    seen: list[State] = []
    url = f"http://127.0.0.1:{port}/health/ready"
    service = Service("healthy", python(HEALTHY, port, switch), health_urls=[url])
    async with Supervisor(lambda status: seen.append(status.state), pace=QUICK) as supervisor:
        supervisor.supervise(service)
        with pytest.raises(RuntimeFault, match="not ready within 1 s: healthy is starting"):
            await supervisor.until_ready(within_seconds=1)
        switch.touch()
        await supervisor.until_ready()
        switch.unlink()
        await until(lambda: supervisor.status("healthy").state is State.UNREADY)
        switch.touch()
        await supervisor.until_ready("healthy")
        status = supervisor.status("healthy")
        assert status.pid == service.pid
        assert status.restarts == 0
        assert status.uptime_seconds > 1
    expected = [State.STARTING, State.READY, State.UNREADY, State.READY, State.STOPPING, State.STOPPED]
    assert seen == expected


async def test_a_program_that_never_gets_ready_stops_the_start_with_its_own_words(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/health/ready"
    service = Service("billing", python(CRASHING), health_urls=[url], log=tmp_path / "log")
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(service)
        with pytest.raises(
            RuntimeFault, match="billing: ended 3 times at start: exit code 1: no secret is set"
        ):
            await supervisor.until_ready()


async def test_a_command_that_does_not_exist_is_one_clear_line(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(Service("s", ["/no/such"], health_urls=[url], log=tmp_path / "log"))
        with pytest.raises(RuntimeFault, match="FATAL: can't start /no/such: No such file or directory"):
            await supervisor.until_ready()


async def test_a_server_that_can_not_start_stops_the_start_at_once(folder: Path) -> None:
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(EmbeddedNats(folder / "nats", binary=folder / "nothing"))
        with pytest.raises(RuntimeFault, match="nats: the program is missing"):
            await supervisor.until_ready()


class Faulty(Service):
    """A program with a defect that nobody expects: it can't be started, or checked, some times."""

    def __init__(self, *, failing_starts: int = 0, failing_checks: int = 0) -> None:
        super().__init__("faulty", python(DEAF))
        self._starts, self._checks = failing_starts, failing_checks

    async def start(self) -> None:
        self._starts -= 1
        if self._starts >= 0:
            raise KeyError("a defect at the start")
        await super().start()

    async def ready(self) -> bool:
        self._checks -= 1
        if self._checks >= 0:
            raise KeyError("a defect of the check")
        return await super().ready()


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the supervisor logged: others of this process may log, too."""
    return [one for one in caplog.records if one.name == "adrelay.runtime.supervisor"]


async def test_a_start_that_nobody_expects_to_fail_is_repeated(caplog: pytest.LogCaptureFixture) -> None:
    async with Supervisor(
        pace=Pace(first_delay_seconds=0.01, poll_seconds=0.01, stop_seconds=0)
    ) as supervisor:
        supervisor.supervise(Faulty(failing_starts=4))
        with pytest.raises(RuntimeFault, match="faulty: KeyError: 'a defect at the start'"):
            await supervisor.until_ready()
        await until(lambda: supervisor.status("faulty").state is State.READY)
        assert supervisor.status("faulty").restarts == 4
    assert [(one.levelname, one.exc_info is not None) for one in logged(caplog)] == [("ERROR", True)]


async def test_a_check_that_nobody_expects_to_fail_is_repeated(caplog: pytest.LogCaptureFixture) -> None:
    async with Supervisor(pace=Pace(poll_seconds=0.01, stop_seconds=0)) as supervisor:
        supervisor.supervise(Faulty(failing_checks=3))
        await supervisor.until_ready()
        assert supervisor.status("faulty").restarts == 0
    assert [one.message for one in logged(caplog)] == ["faulty: KeyError: 'a defect of the check'"]


async def test_programs_end_in_reverse_order_each_after_the_one_before(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    services = [polite(name, journal) for name in ("first", "second", "third")]
    async with Supervisor(pace=QUICK) as supervisor:
        for service, _ in services:
            supervisor.supervise(service)
        await supervisor.until_ready()
        await until(lambda: all(lines == ["up"] for _, lines in services))
    assert journal.read_text().split() == ["third", "second", "first"]
    assert [status.state for status in supervisor.statuses()] == [State.STOPPED] * 3
    assert [status.pid for status in supervisor.statuses()] == [None] * 3


async def test_programs_that_were_added_together_end_at_the_same_time(tmp_path: Path) -> None:
    states: list[tuple[str, State]] = []
    services = [polite(name, tmp_path / "journal") for name in ("first", "second", "third")]
    async with Supervisor(lambda seen: states.append((seen.name, seen.state)), pace=QUICK) as supervisor:
        supervisor.supervise(services[0][0])
        supervisor.supervise(services[1][0], services[2][0])
        await until(lambda: all(lines == ["up"] for _, lines in services))
    ends = [(name, state) for name, state in states if state in {State.STOPPING, State.STOPPED}]
    assert ends[:2] == [("second", State.STOPPING), ("third", State.STOPPING)]
    assert ends[4:] == [("first", State.STOPPING), ("first", State.STOPPED)]


async def test_a_program_with_several_health_pages_is_ready_when_all_say_so(tmp_path: Path) -> None:
    ports, switches = (free_port(), free_port()), (tmp_path / "one", tmp_path / "other")
    urls = [f"http://127.0.0.1:{port}/health/ready" for port in ports]
    one, other = (
        Service(switch.name, python(HEALTHY, port, switch), health_urls=[url])
        for port, switch, url in zip(ports, switches, urls, strict=True)
    )
    service = Service("both", python(DEAF), health_urls=urls)
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(one, other, service)
        switches[0].touch()
        await supervisor.until_ready("one")
        assert not await service.ready()
        switches[1].touch()
        await supervisor.until_ready()


async def test_a_program_that_does_not_listen_is_killed_after_the_deadline(tmp_path: Path) -> None:
    lines: list[str] = []
    service = Service("deaf", python(DEAF), on_line=lines.append, log=tmp_path / "deaf.log")
    async with Supervisor(pace=Pace(stop_seconds=0.3)) as supervisor:
        supervisor.supervise(service)
        await until(lambda: lines == ["deaf"])
        pid = service.pid
        assert pid is not None
    assert not is_alive(pid)
    assert supervisor.status("deaf").detail == "killed, for it did not end within 0.3 s"
    assert (tmp_path / "deaf.log").read_text() == "deaf\n"


async def test_stopping_does_not_wait_for_a_restart_that_is_due_later() -> None:
    began = time.monotonic()
    async with Supervisor(pace=Pace(first_delay_seconds=60, longest_delay_seconds=60)) as supervisor:
        supervisor.supervise(Service("crashing", python(CRASHING)))
        await until(lambda: supervisor.status("crashing").state is State.RESTARTING)
    assert time.monotonic() - began < 30
    assert supervisor.status("crashing").state is State.STOPPED


async def test_the_environment_is_given_and_never_shown() -> None:
    lines: list[str] = []
    program = "import os; print(os.environ['DEEP'], 'HOME' in os.environ or 'PATH' in os.environ)"
    service = Service("s", python(program), env={"DEEP": "secret"}, on_line=lines.append)
    await service.start()
    assert await service.wait() == 0
    assert lines == ["secret False"], "it gets no other environment"
    assert "secret" not in repr(service)


async def test_a_line_without_end_is_passed_on_in_pieces() -> None:
    lines: list[str] = []
    service = Service("s", python("print('x' * 3_000_000, end='')"), on_line=lines.append)
    await service.start()
    assert await service.wait() == 0
    assert len("".join(lines)) == 3_000_000


async def test_a_killed_server_is_restarted_on_its_port_with_its_data(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "pg")
    async with Supervisor(pace=QUICK) as supervisor:
        supervisor.supervise(postgres)
        await supervisor.until_ready()
        url = await postgres.ensure_database("billing")
        idle = await asyncpg.connect(url)
        await idle.execute("create table kept (id int); insert into kept values (7)")
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        await until(lambda: supervisor.status("postgres").restarts == 1)
        await supervisor.until_ready("postgres")
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("select id from kept") == 7
        await connection.close()
        idle.terminate()
