"""Runs commands and services in forks of a process that has imported all of them already.

Each is a process of its own, with its arguments, environment, folder, input, output and exit code; only the
imports, one to three seconds of them, are done once for all. `fork_client.py` asks for commands, `process.py`
for services.
"""

import gc
import marshal
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TypedDict

import adrelay
from adrelay.__main__ import main as run_adrelay
from libs.chassis import health
from tests.support.forked import PYTHON

SERVICES = (
    "services.billing.service",
    "services.forwarder.service",
    "services.gateway.service",
    "services.provisioning.service",
    "services.scheduler.service",
)
"""What the modules import that start processes."""


class Asked(TypedDict):
    """What a client sends, with its input, output and errors."""

    module: str
    """What is run, as `python -m` does; nothing for the command line."""
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    pid: int
    """Of the client, if it stands for the process: a supervisor asks the process for this one."""


def serve(path: str) -> None:
    """Fork for whoever connects to a socket at `path`, until stdin is closed; then delete its folder."""
    for module in pkgutil.walk_packages(adrelay.__path__, "adrelay."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for service in SERVICES:
        import_module(service)
    gc.freeze()  # what a fork does not touch is not copied
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                shutil.rmtree(Path(path).parent, ignore_errors=True)
                return
            asking, _ = listener.accept()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:  # so that their processor time is counted as this one's
                    pass
            if not os.fork():
                listener.close()
                _look_after(asking, Path(path).parent)
            asking.close()


def _look_after(asking: socket.socket, folder: Path) -> None:
    """Run what is asked for, pass signals on, tell how it ended; kill it when nobody asks any more.

    While it runs, a file that is named after the client's process id holds its own.
    """
    text, files, _, _ = socket.recv_fds(asking, 1024 * 1024, 3)
    if not text:
        os._exit(0)  # it only looked whether anybody listens
    asked: Asked = marshal.loads(text)  # noqa: S302 - the tests wrote it
    child = os.fork()
    if not child:
        asking.close()
        _run(asked, files)
    note = folder / str(asked["pid"])
    if asked["pid"]:
        note.write_text(str(child))
    for file in files:
        os.close(file)
    ended = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([ended, asking.fileno()], [], [])
        if ended in ready:
            _, status = os.waitpid(child, 0)
            note.unlink(missing_ok=True)
            asking.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        passed_on = asking.recv(1)
        os.kill(child, passed_on[0] if passed_on else signal.SIGKILL)
        if not passed_on:
            note.unlink(missing_ok=True)
            os._exit(0)


def _run(asked: Asked, files: list[int]) -> None:
    code: object = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        if asked["pid"]:
            vars(health)["os"] = SimpleNamespace(getpid=lambda: asked["pid"])
        sys.executable = os.environ.pop(PYTHON, sys.executable)
        sys.argv = [asked["module"] or "adrelay", *asked["arguments"]]
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # one who is killed has said it
        if asked["module"]:
            for name in (asked["module"], f"{asked['module']}.__main__"):
                if not hasattr(sys.modules.get(name), "__path__"):
                    sys.modules.pop(name, None)  # else runpy warns that it was imported already
            runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
        else:
            run_adrelay()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve(sys.argv[1])
