"""Serves the built web application to browsers; without one, the gateway has its API alone."""

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT = Path(__file__).parents[3] / "web" / "dist"
"""Where the build puts its files."""
_INDEX = "index.html"
_NAMED_BY_CONTENT = "assets/"
"""The build names the files of this folder after their content."""
_CODINGS: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}
"""Codings of the files that the build compressed, the smallest first."""
_POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; manifest-src 'self'; "
    "script-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Styles may be inline, as the components set sizes and colours of single elements; scripts may not."""
_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")
"""A coding that a browser does not want, RFC 9110, 12.5.3."""
_API = ("/api/", "/docs/", "/health/", "/metrics/", "/openapi.json/")


@dataclass(frozen=True)
class _File:
    content_type: str
    cache_control: str
    variants: Mapping[str, bytes]
    """The contents by their coding; `""` has the plain one."""


class WebFiles:
    """The files of the web application, read into memory once: some megabytes, named by the build alone.

    No path is ever looked up on the disk. Paths that name no file are pages of the application itself, which
    shows its own "not found"; paths of the API and of missing files stay 404.
    """

    def __init__(self, folder: Path, otherwise: ASGIApp) -> None:
        self._files = _read(folder)
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that no route of the API matched."""
        file = self._find(scope) if scope["type"] == "http" else None
        if file is None:
            await self._otherwise(scope, receive, send)
        else:
            scope["route"] = self
            await _answer(file, scope)(scope, receive, send)

    @property
    def name(self) -> str:
        """The label in metrics."""
        return "web"

    def _find(self, scope: Scope) -> _File | None:
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or f"{path}/".startswith(_API):
            return None
        found = self._files.get(path.removeprefix("/"))
        is_page = "." not in PurePosixPath(path).name
        return found or (self._files[_INDEX] if is_page else None)


def is_built(folder: Path) -> bool:
    """Return whether a folder has a built application."""
    return (folder / _INDEX).is_file()


def _read(folder: Path) -> dict[str, _File]:
    files: dict[str, _File] = {}
    suffixes = tuple(_CODINGS.values())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name.startswith(".") or name.endswith(suffixes):
            continue
        variants = {
            coding: path.with_name(path.name + suffix).read_bytes()
            for coding, suffix in _CODINGS.items()
            if path.with_name(path.name + suffix).is_file()
        }
        files[name] = _File(_content_type(name), _cache_control(name), {**variants, "": path.read_bytes()})
    return files


def _content_type(name: str) -> str:
    guessed, _ = mimetypes.guess_type(name)
    kind = guessed or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _cache_control(name: str) -> str:
    """Return for how long browsers may keep a file: for ever, where another content has another name."""
    return "public, max-age=31536000, immutable" if name.startswith(_NAMED_BY_CONTENT) else "no-cache"


def _answer(file: _File, scope: Scope) -> Response:
    sent = Headers(scope=scope).get("accept-encoding", "")
    accepted = {part.partition(";")[0].strip() for part in sent.split(",") if not _REFUSED.search(part)}
    coding = next((one for one in file.variants if one in accepted), "")
    headers = {
        "Cache-Control": file.cache_control,
        "Content-Security-Policy": _POLICY,
        "Vary": "Accept-Encoding",
    }
    if coding:
        headers["Content-Encoding"] = coding
    return Response(file.variants[coding], headers=headers, media_type=file.content_type)
