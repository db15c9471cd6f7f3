"""The commands and settings on the pages of the documentation."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND_FENCES = {"sh", "console", "bash"}
"""Languages of fenced blocks with commands; blocks without a language are output."""
_SETTING = re.compile(r"(?:ADRELAY|POSTGRES)_\w+=")
_FENCE = re.compile(r"```(\w*)\s*$")


@dataclass(frozen=True)
class PageCommand:
    """A command of a page, with the number of its first line, without a comment after it."""

    line: int
    text: str


@dataclass
class Page:
    """A page; its name is the path below the root."""

    name: str
    commands: list[PageCommand] = field(default_factory=list[PageCommand])
    settings: list[str] = field(default_factory=list[str])


def all_pages() -> list[Page]:
    """Return all pages that a new user follows."""
    files = [
        ROOT / "README.md",
        ROOT / "docs" / "quickstart.md",
        *sorted((ROOT / "docs" / "how-to").glob("*.md")),
        ROOT / "docs" / "reference" / "api.md",
    ]
    return [read(file.relative_to(ROOT).as_posix(), file.read_text()) for file in files]


def read(name: str, text: str) -> Page:
    """Return a page with the commands and settings of its blocks."""
    page = Page(name)
    for first, block in _blocks(text.splitlines()):
        if block and all(_SETTING.match(line) for line in block):
            page.settings += block
        else:
            page.commands += _commands(first, block)
    return page


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each indented or fenced block: the number of its first line, and its lines."""
    fence: str | None = None
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        mark = _FENCE.match(line)
        if mark or (fence is None and block and not line.startswith("    ")):
            if block and fence in {None, *COMMAND_FENCES}:
                yield number - len(block), block
            block = []
        if mark:
            fence = mark[1] if fence is None else None
        elif fence is not None:
            block.append(line)
        elif line.startswith("    "):
            block.append(line[4:])


def _commands(first: int, block: Sequence[str]) -> Iterator[PageCommand]:
    """Yield the commands of a block: the lines with `$ ` if there are any, else all but comments."""
    mark = "$ " if any(line.startswith("$ ") for line in block) else ""
    begun: list[str] = []
    for number, line in enumerate(block, first):
        if not begun and (not line.strip() or line.startswith("#") or not line.startswith(mark)):
            continue
        begun.append(line if begun else line.removeprefix(mark))
        text = _without_remark("\n".join(begun))
        if _is_whole(text):
            yield PageCommand(number - len(begun) + 1, text)
            begun = []
    if begun:
        message = f"line {first}: {begun[0]!r} has no end"
        raise ValueError(message)


def _without_remark(text: str) -> str:
    before, remark, _ = text.partition("  # ")
    return before.rstrip() if remark and _is_whole(before) else text


def _is_whole(text: str) -> bool:
    if text.endswith("\\"):
        return False
    try:
        shlex.split(text.replace("\\\n", " "))
    except ValueError:  # a quote is open
        return False
    return True
