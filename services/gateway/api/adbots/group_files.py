"""Reads a file of groups: the first column of a text or CSV file, in UTF-8."""

import csv
import io
import json
import re
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from services.gateway.api.requests.problems import Denied

_MOST_LINES = 10_000
_MOST_CHARACTERS = 300
_MOST_SENT = 900_000
"""The size of the command that fits into a message, in characters."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BEHIND_THE_COLUMN = re.compile(r"[;\t]")
_HEADERS = frozenset(
    {
        "channel",
        "chat",
        "chat id",
        "chats",
        "group",
        "group name",
        "groups",
        "handle",
        "id",
        "link",
        "links",
        "name",
        "target",
        "targets",
        "url",
        "username",
    }
)
"""First lines that name the column; none of them names a group."""
_TYPES = frozenset({"text/plain", "text/csv", "application/csv", "application/vnd.ms-excel"})
_FILE: dict[str, Any] = {
    "type": "string",
    "description": "One group a line, as in an advertisement; of several columns the first. UTF-8, at most "
    f"{_MOST_LINES} lines and 512 KB.",
    "examples": ["@group\nt.me/other/7\n"],
}
FILE_DESCRIPTION: dict[str, Any] = {
    "required": True,
    "content": {
        "text/plain": {"schema": _FILE},
        "text/csv": {"schema": _FILE},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": _FILE | {"format": "binary"}},
            }
        },
    },
}


async def read_file(request: Request) -> tuple[str, ...]:
    """Return the first cell of each line of an uploaded file, blank where it has none; raise `Denied`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _TYPES:
        return lines_in(await request.body())
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=1) as form:
            file = form.get("file")
            if isinstance(file, UploadFile):
                return lines_in(await file.read())
            raise _unreadable("the form holds no file named `file`")
    detail = "send the file as text/plain, text/csv or multipart/form-data"
    raise Denied(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)


def lines_in(content: bytes) -> tuple[str, ...]:
    """Return the first cell of each line, so that positions are numbers of lines; raise `Denied`."""
    cells = _first_cells(_text(content))
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > _MOST_LINES:
        raise _unreadable(f"{len(cells)} lines, at most {_MOST_LINES} are read; make several lists")
    first = next((number for number, cell in enumerate(cells) if cell), None)
    if first is not None and cells[first].casefold() in _HEADERS:
        cells[first] = ""
    if len(json.dumps(cells, ensure_ascii=False)) > _MOST_SENT:
        raise _unreadable("it is too large; make several lists")
    return tuple(cells)


def _text(content: bytes) -> str:
    if content.startswith(_UTF_16):
        raise _unreadable("it is in UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"line {line} is not in UTF-8; save the file as UTF-8") from None
    return _CONTROLS.sub("?", text)


def _first_cells(text: str) -> list[str]:
    cells: list[str] = []
    rows = csv.reader(io.StringIO(text, newline=""))
    line = 0
    try:
        for row in rows:
            cells += [""] * (line - len(cells))  # a cell over several lines counts as that many
            cells.append(_cell(row[0]) if row else "")
            line = rows.line_num
    except csv.Error as error:
        raise _unreadable(f"line {line + 1}: {error}; is a quotation mark not closed?") from None
    return cells


def _cell(written: str) -> str:
    """Return the column of a cell, also if columns are separated by semicolons or tabs.

    What is longer than any name of a group is cut, and marked, so that it is refused with its line.
    """
    cell = _BEHIND_THE_COLUMN.split(written, maxsplit=1)[0].strip().strip('"').strip()
    return cell if len(cell) <= _MOST_CHARACTERS else f"…{cell[: _MOST_CHARACTERS - 1]}"


def _unreadable(detail: str) -> Denied:
    return Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable_file", detail)
