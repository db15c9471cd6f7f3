"""Runs commands and services in forks of a process that has imported all of them.

Each is a process of its own, with its arguments, environment, folder, input, output and exit code; only the
imports, one to three seconds, are shared. `fork_client.py` requests commands, `process.py` services.
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
"""The modules that the services' `__main__` modules import."""


class Request(TypedDict):
    """A client's request; its input, output and error streams are sent with it."""

    module: str
    """The module to run like `python -m`; empty for the command line."""
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    pid: int
    """The client's process id, which the process reports to its supervisor; 0 if there is none."""


def serve(path: str) -> None:
    """Serve requests on a socket at `path` until stdin is closed; then delete its folder."""
    for module in pkgutil.walk_packages(adrelay.__path__, "adrelay."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for service in SERVICES:
        import_module(service)
    gc.freeze()  # unchanged memory is not copied in forks
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                shutil.rmtree(Path(path).parent, ignore_errors=True)
                return
            connection, _ = listener.accept()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:  # so that their processor time is counted as this one's
                    pass
            if not os.fork():
                listener.close()
                _supervise(connection, Path(path).parent)
            connection.close()


def _supervise(connection: socket.socket, folder: Path) -> None:
    """Run a request, forward signals, and send the exit code; kill it when the client disconnects.

    While it runs, a file named after the client's process id contains its own.
    """
    text, files, _, _ = socket.recv_fds(connection, 1024 * 1024, 3)
    if not text:
        os._exit(0)  # the client only checked that the server listens
    request: Request = marshal.loads(text)  # noqa: S302 - from the tests
    note = folder / str(request["pid"])
    child = os.fork()
    if not child:
        connection.close()
        if request["pid"]:  # here: nobody sees that it runs before its file is there
            note.write_text(str(os.getpid()))
        _run(request, files)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([ended, connection.fileno()], [], [])
        if ended in ready:
            _, status = os.waitpid(child, 0)
            note.unlink(missing_ok=True)
            connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        forwarded = connection.recv(1)
        os.kill(child, forwarded[0] if forwarded else signal.SIGKILL)
        if not forwarded:
            os.waitpid(child, 0)
            note.unlink(missing_ok=True)
            os._exit(0)


def _run(request: Request, files: list[int]) -> None:
    code: object = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        if request["pid"]:
            sys.modules[health.__name__].__dict__["os"] = SimpleNamespace(getpid=lambda: request["pid"])
        sys.executable = os.environ.pop(PYTHON, sys.executable)
        sys.argv = [request["module"] or "adrelay", *request["arguments"]]
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a killed process loses no line
        if request["module"]:
            for name in (request["module"], f"{request['module']}.__main__"):
                if not hasattr(sys.modules.get(name), "__path__"):
                    sys.modules.pop(name, None)  # else runpy warns that it was imported already
            runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
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
