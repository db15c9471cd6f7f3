"""Finds a Chromium for the tests of the web application, or gets one: `python -m tests.web.browser`."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without them, Chromium asks its makers' servers about itself."""


@cache
def executable() -> str | None:
    """Return the path of a Chromium of this machine or of Playwright's own, None if there is none."""
    of_machine = next(filter(None, map(shutil.which, _NAMES)), None)
    return of_machine or _playwrights_own()


def arguments() -> list[str]:
    """Return Chromium's command line; its sandbox does not work for root."""
    return [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def main() -> None:
    """Get a browser if there is none: Playwright's download, else Debian's package."""
    if executable() is not None:
        return
    sys.stderr.write("getting a browser for the tests of the web application ...\n")
    for command in _ways():
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        executable.cache_clear()
        if executable() is not None:
            return
    sys.stderr.write(
        "no Chromium was found, and none could be downloaded; `make test` needs one: install the package "
        "`chromium`, or run `.venv/bin/playwright install chromium` where its server can be reached\n"
    )


def _ways() -> list[list[str]]:
    playwrights = [sys.executable, "-m", "playwright", "install", "chromium"]
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return [playwrights]
    return [playwrights, [apt, "update"], [apt, "install", "--yes", "--no-install-recommends", "chromium"]]


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


if __name__ == "__main__":
    main()
