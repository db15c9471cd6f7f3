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
from importlib import import_module
from pathlib import Path
from typing import TypedDict

import adrelay
from adrelay.__main__ import main as run_adrelay

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


def serve(path: str) -> None:
    """Serve requests on a socket at `path` until stdin is closed; then delete its folder."""
    for module in pkgutil.walk_packages(adrelay.__path__, "adrelay."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for service in SERVICES:
        import_module(service)
    gc.freeze()  # unchanged memory is not copied in forks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervising processes are not waited for
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                shutil.rmtree(Path(path).parent, ignore_errors=True)
                return
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                _supervise(connection)
            connection.close()


def _supervise(connection: socket.socket) -> None:
    """Run a request, forward signals, and send the exit code; kill it when the client disconnects."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, files, _, _ = socket.recv_fds(connection, 1024 * 1024, 3)
    if not text:
        os._exit(0)  # the client only checked that the server listens
    child = os.fork()
    if not child:
        connection.close()
        _run(marshal.loads(text), files)  # noqa: S302 - from the tests
    for file in files:
        os.close(file)
    ended = os.pidfd_open(child)
    while True:
        ready, _, _ = select.select([ended, connection.fileno()], [], [])
        if ended in ready:
            _, status = os.waitpid(child, 0)
            connection.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
        passed_on = connection.recv(1)
        os.kill(child, passed_on[0] if passed_on else signal.SIGKILL)
        if not passed_on:
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
        sys.argv = [request["module"] or "adrelay", *request["arguments"]]
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a killed process loses no line
        if request["module"]:
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
