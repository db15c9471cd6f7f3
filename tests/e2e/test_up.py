"""`adrelay up` beside another one, interrupted, and on data of an older version."""

import asyncio
import os
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from adrelay.command_keys import FILE, pair
from adrelay.configuration import VAULT_PUBLIC_KEY, fresh_secrets
from adrelay.env_file import values_in
from adrelay.runtime.local import keep_settings
from adrelay.runtime.ports import free_port
from adrelay.system import SERVICES
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.pages import ROOT
from tests.integration.runtime.programs import until
from tests.older_data.answers import answers, by_time
from tests.older_data.restore import AGELESS, VERSIONS, recorded_answers, restore
from tests.support.suspending import suspend
from tests.support.system import PATIENT

pytestmark = pytest.mark.timeout(360)

OLDEST = VERSIONS[0]
AT_ONCE_SECONDS = 20.0
"""Far longer than the end takes on a slow machine; far shorter than a start."""
OUTSIDE = {
    "ADRELAY_BILLING_API_KEY": "a-key-of-the-tests",
    "ADRELAY_BILLING_IPN_SECRET": "kV8-a-secret-of-the-tests-2468-0",
    "ADRELAY_BILLING_IPN_CALLBACK_URL": "http://127.0.0.1:8080/api/v1/webhooks/nowpayments",
}


@dataclass
class Run:
    """A running command, and its output."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list[str])

    @classmethod
    async def of(cls, folder: Path, *arguments: str, **settings: str) -> "Run":
        """Start `adrelay` in a folder."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adrelay",
            *arguments,
            cwd=folder,
            env={**inherited, "PYTHONPATH": str(ROOT), **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def text(self) -> str:
        return "".join(self.lines)

    async def until(self, text: str) -> None:
        """Read the output until it contains this text."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            while text not in self.text:
                line = await self.process.stdout.readline()
                assert line, f"it ended before it printed {text!r}:\n{self.text}"
                self.lines.append(line.decode())

    async def ended(self) -> int:
        """Wait for its end; return its exit code."""
        out, _ = await self.process.communicate()
        self.lines.append(out.decode())
        return self.process.returncode or 0


def folder_of_secrets(folder: Path) -> Path:
    """Create a folder with an `.env` of all required settings."""
    folder.mkdir()
    env_file = folder / ".env"
    env_file.write_text(
        "".join(f"{name}='{value}'\n" for name, value in {**fresh_secrets(), **OUTSIDE}.items())
    )
    env_file.chmod(0o600)
    return folder


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of the processes that refer to a folder."""
    found: list[str] = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and one.name != str(os.getpid()):
            try:
                text = (one / "cmdline").read_bytes() + (one / "environ").read_bytes()
                cwd = str((one / "cwd").readlink())
            except OSError:
                continue
            if str(folder).encode() in text or cwd.startswith(str(folder)):
                found.append((one / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


async def gone(folder: Path) -> None:
    """Wait until no process refers to a folder: PostgreSQL's logger ends a moment after the rest."""
    await until(lambda: not processes_of(folder))


NEVER_READY = {"ADRELAY_BILLING_HTTP_HOST": "127.0.0.2"}
"""Billing's health is not served where it is asked for, so that a start lasts until a signal ends it."""
CLOSED_PORTS = {
    "ADRELAY_BILLING_PROVIDER_URL": f"http://127.0.0.1:{free_port()}",
    "ADRELAY_FORWARDER_TELEGRAM_HOST": "127.0.0.1",
    "ADRELAY_FORWARDER_TELEGRAM_PORT": str(free_port()),
}
"""Addresses without a server, so that the restored system calls no external one."""


@dataclass
class Kept:
    """A folder with data of an older version, an `up` on it, and the folder that it was started in."""

    folder: Path
    here: Path
    port: int
    run: Run
    settings: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(servers_folder: Path) -> AsyncIterator[Kept]:
    """Run `up` on data of an older version, beside an `.env` and an environment with other settings."""
    here = folder_of_secrets(servers_folder / "up")
    folder = here / "kept"
    folder.mkdir(mode=0o700)
    await restore(OLDEST, folder)
    secrets = {**fresh_secrets(), **recorded_answers(OLDEST)["secrets"]}
    for name in (VAULT_PUBLIC_KEY, *pair()):  # a folder of that version has none
        secrets.pop(name, None)
    settings = {
        **secrets,
        **OUTSIDE,
        **CLOSED_PORTS,
        **AGELESS,
        **PATIENT,
        "ADRELAY_POSTGRES_URL": "postgresql://gone.invalid",
    }
    keep_settings(folder, settings)
    port = free_port()
    elsewhere = {
        "ADRELAY_POSTGRES_URL": "postgresql://elsewhere.invalid",
        "ADRELAY_NATS_URL": "nats://b.invalid",
    }
    run = await Run.of(here, "up", "--folder", "kept", "--port", str(port), **elsewhere)
    await run.until("Adrelay is up")
    yield Kept(folder, here, port, run, settings)
    if run.process.returncode is None:
        run.process.kill()
        await run.ended()


async def test_up_on_a_demos_folder_uses_its_settings_and_servers(kept: Kept) -> None:
    assert "those of the demo kept here (kept/settings.env)" in kept.run.text
    private = [kept.folder / FILE, *(kept.folder / "nats" / "users" / name for name in SERVICES)]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    address = {"ADRELAY_GATEWAY_URL": f"http://127.0.0.1:{kept.port}"}
    orders = await Run.of(kept.here, "orders", "list", "--env-file", "kept/settings.env", **address)
    assert await orders.ended() in {0, 1}, orders.text
    other = await Run.of(kept.here, "orders", "list", "--env-file", ".env", **address)
    assert await other.ended() == 2
    assert "does not take this ADRELAY_GATEWAY_ADMIN_TOKEN" in other.text
    events = await Run.of(kept.here, "events", "tail", "--no-follow", "--folder", "kept")
    assert await events.ended() == 0
    assert "ProductListed" in events.text


async def test_data_of_an_older_version_is_served_unchanged(kept: Kept) -> None:
    older = recorded_answers(OLDEST)
    token = kept.settings["ADRELAY_GATEWAY_ADMIN_TOKEN"]
    found = await answers(f"http://127.0.0.1:{kept.port}", token, older["email"])
    for part in ("orders", "own_orders", "advertisement", "statistics"):
        assert found[part] == older["answers"][part], part
    assert by_time(found["logs"]) == by_time(older["answers"]["logs"])
    for line in older["answers"]["notifications"]:
        assert line in found["notifications"]


async def test_data_of_an_older_version_passes_verification(kept: Kept) -> None:
    verified = await Run.of(kept.here, "events", "verify", "--folder", "kept")
    assert await verified.ended() == 0, verified.text


async def test_a_second_up_in_the_same_folder_names_the_first(kept: Kept) -> None:
    second = await Run.of(kept.here, "up", "--folder", "kept", "--port", str(free_port()))
    assert await second.ended() == 1
    assert (
        f"kept is in use by another `adrelay up` or `adrelay demo` (pid {kept.run.process.pid})"
        in second.text
    )
    assert "--folder" in second.text
    assert "starting" not in second.text


async def test_a_port_in_use_is_reported_before_anything_starts(kept: Kept) -> None:
    second = await Run.of(kept.here, "up", ADRELAY_GATEWAY_HTTP_PORT=str(kept.port))
    assert await second.ended() == 1
    assert f"port {kept.port} on 127.0.0.1 is in use" in second.text
    assert "--port or ADRELAY_GATEWAY_HTTP_PORT" in second.text
    assert "starting" not in second.text


async def test_files_of_a_run_are_readable_by_their_owner_alone(kept: Kept) -> None:
    modes = modes_in(kept.folder)
    files = {path: mode for path, mode in modes.items() if stat.S_ISREG(mode)}
    assert len(files) > 12
    assert [str(path) for path, mode in files.items() if mode & 0o077] == []
    folders = {path: mode for path, mode in modes.items() if stat.S_ISDIR(mode)}
    assert [str(path) for path, mode in folders.items() if mode & 0o066] == []


def modes_in(folder: Path) -> dict[Path, int]:
    """Return the modes of a folder and all in it but the cluster; what was replaced meanwhile is left out."""
    found: dict[Path, int] = {}
    for path in (folder, *folder.glob("**/*")):
        if "cluster" not in path.parts:
            with suppress(FileNotFoundError):
                found[path] = path.stat().st_mode
    return found


def processes_in(here: Path) -> Iterator[Path]:
    """Yield the folders in `/proc` of the processes that were started in a folder."""
    for one in Path("/proc").iterdir():
        with suppress(OSError):
            if one.name.isdigit() and (one / "cwd").readlink() == here:
                yield one


def core_limits(here: Path) -> list[str]:
    """Return the core dump limits of all processes that were started in a folder."""
    found: list[str] = []
    for one in processes_in(here):
        limits = (one / "limits").read_text().splitlines()
        found += [line.split()[4] for line in limits if line.startswith("Max core file size")]
    return found


async def test_processes_with_secrets_write_no_core_dumps(kept: Kept) -> None:
    assert core_limits(kept.here) == ["0"] * 8  # `up`, five services, two workers


def environments(here: Path) -> list[tuple[str, str]]:
    """Return the command line and the environment of each process that `up` started in a folder."""
    return [((one / "cmdline").read_text(), (one / "environ").read_text()) for one in processes_in(here)]


async def test_a_password_of_a_database_role_is_known_to_the_processes_of_its_service_alone(
    kept: Kept,
) -> None:
    roles = {path.name: path.read_text() for path in (kept.folder / "postgres" / "roles").iterdir()}
    roles["the superuser"] = (kept.folder / "postgres" / "password").read_text()
    given = environments(kept.here)
    holders = {
        role: {command for command, environment in given if password in environment}
        for role, password in roles.items()
    }
    assert holders.pop("adrelay_tools") == holders.pop("the superuser") == set()
    assert {role.removeprefix("adrelay_") for role in holders} == set(SERVICES)
    for role, commands in holders.items():
        service = f"services.{role.removeprefix('adrelay_')}"
        assert commands == {command for command, _ in given if service in command}
        assert commands


async def test_sigterm_stops_all_and_a_second_signal_ends_at_once(kept: Kept) -> None:
    billing = next(one for one in processes_in(kept.here) if "billing" in (one / "cmdline").read_text())
    await suspend(int(billing.name))  # so that it does not end before the second signal
    kept.run.process.send_signal(signal.SIGTERM)
    await kept.run.until("stopping ...")
    kept.run.process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert await kept.run.ended() == 0
    assert time.monotonic() - began < AT_ONCE_SECONDS
    assert "billing killed, for it was told to end at once" in kept.run.text
    assert "Traceback" not in kept.run.text
    await gone(kept.here)
    assert values_in(kept.folder / "settings.env") == {
        name: value for name, value in kept.settings.items() if name != "ADRELAY_POSTGRES_URL"
    }


def services_in(here: Path) -> list[int]:
    """Return the ids of the processes of all services that were started in a folder."""
    found = ((int(one.name), (one / "cmdline").read_bytes()) for one in processes_in(here))
    return [pid for pid, command in found if b"adrelay.together" in command]


def open_files_of(pid: int) -> list[str]:
    """Return the limits of open files of a process: the soft and the hard one."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line.split()[3:5] for line in limits if line.startswith("Max open files"))


async def test_together_all_services_are_one_process_that_is_restarted_and_stopped(
    servers_folder: Path,
) -> None:
    here = folder_of_secrets(servers_folder / uuid4().hex)
    run = await Run.of(here, "up", "--together", "--port", str(free_port()), **CLOSED_PORTS)
    await run.until("Adrelay is up")
    (first,) = services_in(here)
    assert core_limits(here) == ["0"] * 2  # `up` and the services
    soft, hard = open_files_of(first)
    assert soft == hard, "as many files as five services need together, if the system allows them"
    run.lines.clear()
    os.kill(first, signal.SIGKILL)
    await run.until("ready      services")
    (second,) = services_in(here)
    assert second != first
    run.process.send_signal(signal.SIGTERM)
    assert await run.ended() == 0
    assert "killed, for" not in run.text
    await gone(here)


@pytest.mark.parametrize(
    ("moment", "command", "number", "codes"),
    [
        pytest.param("", "up", signal.SIGINT, {-signal.SIGINT, 130}, id="while it is imported"),
        pytest.param("starting   postgres", "up", signal.SIGINT, {130}, id="while the database is made"),
        pytest.param("starting   worker-2", "up", signal.SIGTERM, {143}, id="while services begin"),
        pytest.param("", "demo", signal.SIGINT, {130}, id="in a demo that has just begun"),
    ],
)
async def test_a_signal_ends_the_start_at_once_without_traceback(
    servers_folder: Path, moment: str, command: str, number: signal.Signals, codes: Container[int]
) -> None:
    here = folder_of_secrets(servers_folder / uuid4().hex)
    chosen = ["--port", str(free_port())] if command == "up" else []
    run = await Run.of(here, command, *chosen, TMPDIR=str(here), **NEVER_READY)
    if command == "demo":
        await until(lambda: any(here.glob("adrelay-demo-*/postgres")))
    elif moment:
        await run.until(moment)
    else:
        status = Path(f"/proc/{run.process.pid}/status")
        await until(lambda: "Umask:\t0077" in status.read_text())
    began = time.monotonic()
    run.process.send_signal(number)
    assert await run.ended() in codes
    assert time.monotonic() - began < AT_ONCE_SECONDS
    assert "Traceback" not in run.text
    await gone(here)
    assert list(here.glob("adrelay-demo-*")) == []
