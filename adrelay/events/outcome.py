"""How a tool ends: what it exits with, and the one line that says why."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum

import asyncpg
import typer
from rich.console import Console
from rich.text import Text

PIPED_WIDTH = 240


class Exit(IntEnum):
    """What a tool exits with."""

    OK = 0
    FOUND = 1
    """It ran, and found problems, or not what was asked for."""
    UNUSABLE = 2
    """It could not run: wrong usage, settings, or a server that does not answer."""


class Failure(Exception):
    """The tool ends here; `problems` say why, a line each."""

    code = Exit.UNUSABLE

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Unusable(Failure):
    """The tool can't run like this. Nothing was changed."""


class NotFound(Failure):
    """What was asked for does not exist. Nothing was changed."""

    code = Exit.FOUND


def carry_out(work: Callable[[], Coroutine[None, None, Exit]]) -> None:
    """Run a tool to its end and exit; what went wrong is one clear line on stderr."""
    try:
        code = asyncio.run(work())
        sys.stdout.flush()
    except Failure as failure:
        for problem in failure.problems:
            complain(problem)
        code = failure.code
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        complain(f"the database broke off: {first_line(error)}")
        code = Exit.UNUSABLE
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.OK
    except KeyboardInterrupt:
        code = Exit.FOUND
    raise typer.Exit(code)


def complain(problem: str) -> None:
    """Say on stderr what is wrong."""
    Console(stderr=True, soft_wrap=True).print(Text.assemble(("✗ ", "red"), problem))


def remark(text: str) -> None:
    """Say something on stderr that belongs to no result."""
    Console(stderr=True, soft_wrap=True).print(Text(text, style="dim"))


class Screen(Console):
    """Where results for people go."""

    def on_broken_pipe(self) -> None:
        """Leave it to `carry_out`: it is no failure."""
        raise BrokenPipeError


def screen() -> Screen:
    """Return where results for people go; where no terminal is, lines are hardly broken."""
    console = Screen(highlight=False)
    return console if console.is_terminal else Screen(highlight=False, width=PIPED_WIDTH)


def say_json(document: object) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
