"""What the pages of the documentation tell a reader to type, and to put into `.env`."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
TYPED = {"sh", "console", "bash"}
"""Fences that hold commands; without a language they hold output."""
_SETTING = re.compile(r"(?:ADRELAY|POSTGRES)_\w+=")
_FENCE = re.compile(r"```(\w*)\s*$")


@dataclass(frozen=True)
class Typed:
    """A command, as it stands on a page from this line on, without the remark behind it."""

    line: int
    text: str


@dataclass
class Page:
    """A page, by its path below the root."""

    name: str
    commands: list[Typed] = field(default_factory=list[Typed])
    settings: list[str] = field(default_factory=list[str])


def all_pages() -> list[Page]:
    """Return every page that a new user follows."""
    files = [
        ROOT / "README.md",
        ROOT / "docs" / "quickstart.md",
        *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    ]
    return [read(file.relative_to(ROOT).as_posix(), file.read_text()) for file in files]


def read(name: str, text: str) -> Page:
    """Return what a page's indented and fenced blocks say."""
    page = Page(name)
    for first, block in _blocks(text.splitlines()):
        if block and all(_SETTING.match(line) for line in block):
            page.settings += block
        else:
            page.commands += _commands(first, block)
    return page


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each block's first line, and its lines without their indentation."""
    fence: str | None = None
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        mark = _FENCE.match(line)
        if mark or (fence is None and block and not line.startswith("    ")):
            if block and fence in {None, *TYPED}:
                yield number - len(block), block
            block = []
        if mark:
            fence = mark[1] if fence is None else None
        elif fence is not None:
            block.append(line)
        elif line.startswith("    "):
            block.append(line[4:])


def _commands(first: int, block: Sequence[str]) -> Iterator[Typed]:
    """Yield the commands of a block: what follows `$`, where that is used, or all that is no remark."""
    mark = "$ " if any(line.startswith("$ ") for line in block) else ""
    begun: list[str] = []
    for number, line in enumerate(block, first):
        if not begun and (not line.strip() or line.startswith("#") or not line.startswith(mark)):
            continue
        begun.append(line if begun else line.removeprefix(mark))
        text = _without_remark("\n".join(begun))
        if _is_whole(text):
            yield Typed(number - len(begun) + 1, text)
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
