"""The end of a command: its exit code, and the lines with the reason."""

import json
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

from adrelay.terminal.visible import visible, visible_json

if TYPE_CHECKING:
    from adrelay.terminal.screen import Screen

TRACEBACK = "ADRELAY_TRACEBACK"
"""The variable that makes an internal error show its traceback."""


class Exit(IntEnum):
    """The exit codes of tools."""

    OK = 0
    FOUND = 1
    """It ran, and found problems or nothing."""
    UNUSABLE = 2
    """It could not run: wrong usage, settings, or a server that does not answer."""


class Failure(Exception):
    """The tool ends; `problems` are the reasons, a line each."""

    code = Exit.UNUSABLE

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems

    @property
    def advice(self) -> str:
        """What to do, for people at a terminal; empty if the problems say it."""
        return ""


class Unusable(Failure):
    """The tool can't run with these arguments or servers. Nothing was changed."""


class NotFound(Failure):
    """The named thing does not exist. Nothing was changed."""

    code = Exit.FOUND


def carry_out(work: Callable[[], Coroutine[None, None, Exit]]) -> None:
    """Run a command to its end and exit; each problem is a line on stderr."""

    def run() -> Exit:
        import asyncio

        code = asyncio.run(work())
        sys.stdout.flush()
        return code

    raise typer.Exit(guarded(run))


def guarded(run: Callable[[], int | None]) -> int:
    """Run something and return its exit code; every error is printed as lines for people."""
    try:
        return run() or Exit.OK
    except Failure as failure:
        for problem in failure.problems:
            complain(problem)
        if failure.advice and sys.stderr.isatty():
            remark(failure.advice)
        return failure.code
    except BrokenPipeError:  # the reader of our output has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except KeyboardInterrupt:
        return Exit.FOUND
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        from adrelay.terminal.reasons import words_for

        complain(words_for(error) or f"this is a mistake in adrelay itself; {TRACEBACK}=1 shows where")
        return Exit.UNUSABLE


def run_program(command: Callable[[], object]) -> None:
    """Run a command line and exit."""

    def run() -> Exit:
        for argument in sys.argv[1:]:
            if any("\ud800" <= letter <= "\udfff" for letter in argument):  # bytes that are not UTF-8
                raise Unusable(f"{argument!a} holds bytes that are no text")
        command()
        return Exit.OK

    sys.exit(guarded(run))


def complain(problem: str) -> None:
    """Print a problem to stderr, which may quote what others wrote."""
    colour = None if os.environ.get("NO_COLOR") else typer.colors.RED
    typer.secho("✗ ", fg=colour, nl=False, err=True)
    typer.echo(visible(problem), err=True)


def remark(text: str) -> None:
    """Print a remark to stderr, which is no part of the result."""
    typer.secho(text, dim=True, err=True)


def screen() -> "Screen":
    """Return the console for results."""
    from adrelay.terminal.screen import Screen

    return Screen()


def print_json(document: object) -> None:
    """Print one JSON document on one line; numbers with a decimal point are strings, times are ISO 8601."""
    sys.stdout.write(visible_json(json.dumps(document, ensure_ascii=False, default=_plain)) + "\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
