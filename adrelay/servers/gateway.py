"""A client of the gateway's REST API for the operator's commands."""

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from adrelay.env_file import put_into_environment
from adrelay.terminal.outcome import Exit, Failure, Unusable, remark
from libs.chassis.secret_files import SUFFIX, SecretFileError, value_of

if TYPE_CHECKING:
    import httpx

URL, TOKEN = "ADRELAY_GATEWAY_URL", "ADRELAY_GATEWAY_ADMIN_TOKEN"
PORT = "ADRELAY_GATEWAY_HTTP_PORT"
TIMEOUT_SECONDS = 30.0
PROBLEM = "application/problem+json"
PAGE = 1000
"""How many items of a list one request asks for."""
_PREFIX = "/api/v1/admin/"
_HIGHEST_PORT = 65535
_PLACE = re.compile(r"(?:(?<=^)|(?<=; ))(?:path|body|query)\.(?=\w)")
_NO_URL = f"{URL} is no URL that begins with http:// or https:// and names a server"


Upload = tuple[str, bytes, str]
"""A file: its name, content and media type."""


class Refusal(Failure):
    """The gateway refused the request, for a reason with a code."""

    code = Exit.FOUND

    def __init__(self, problem: Mapping[str, object]) -> None:
        super().__init__(problem_text(problem))
        self.reason = str(problem.get("code") or "")

    @property
    def advice(self) -> str:
        """What to do, as the reference of problems says."""
        from services.gateway.api.requests.codes import CODES

        return CODES[self.reason].remedy if self.reason in CODES else ""


@dataclass(frozen=True)
class Items:
    """The items of a list, the first ones if there are more."""

    items: list[dict[str, Any]]
    more: bool


class Gateway:
    """The operator's requests. Raises `Refusal`, and `Unusable` if the gateway can't be reached."""

    def __init__(self, env_file: Path) -> None:
        import httpx

        put_into_environment(env_file, only=frozenset({URL, PORT, TOKEN, f"{TOKEN}{SUFFIX}"}))
        url, token = os.environ.get(URL) or _local_url(), _token()
        self._address = _address(url)
        if not token or not token.isascii() or not token.isprintable():
            raise Unusable(f"{TOKEN} is not set to the gateway's: in the environment, or in {env_file}")
        try:
            self._http = httpx.AsyncClient(
                base_url=url.rstrip("/") + _PREFIX,
                headers={"authorization": f"Bearer {token}"},
                timeout=TIMEOUT_SECONDS,
                trust_env=False,
            )
        except httpx.InvalidURL:
            raise Unusable(_NO_URL) from None

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, parameters: Mapping[str, str | int] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer of a GET request."""
        return await self._call("GET", path, parameters=parameters)

    async def items(
        self,
        path: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        most: int | None = None,
        key: str = "items",
    ) -> Items:
        """Return the items of a list, from as many pages as it has; at most `most`.

        A list that is never long may have no pages.
        """
        found: list[dict[str, Any]] = []
        wanted: dict[str, str | int] = dict(parameters or {})
        while True:
            wanted["limit"] = PAGE if most is None else min(PAGE, most - len(found))
            page = await self.get(path, wanted)
            found += page[key]
            following = page.get("next")
            if following is None or len(found) == most:
                return Items(found, more=following is not None)
            wanted["cursor"] = following

    async def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Send a request that changes something; return the JSON answer, None if it has no content."""
        return await self._call(method, path, body=body)

    async def upload(
        self,
        method: str,
        path: str,
        file: Upload,
        *,
        fields: Mapping[str, str] | None = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """Send a file, and fields of a form besides; return the JSON answer."""
        return self._read(
            await self._answer(
                self._http.request(method, path, files={"file": file}, data=fields, params=parameters)
            )
        )

    async def text(self, path: str, parameters: Mapping[str, str | int] | None = None) -> str:
        """Return the answer of a GET request that is no JSON."""
        answer = await self._answer(self._http.get(path, params=parameters))
        if not answer.is_success:
            self._read(answer)
        return answer.text

    @asynccontextmanager
    async def lines(self, path: str) -> AsyncGenerator[AsyncIterator[str]]:
        """Yield the lines of an answer as they come, until it ends."""
        import httpx

        try:
            async with self._http.stream("GET", path) as answer:
                if not answer.is_success:
                    await answer.aread()
                    self._read(answer)
                yield answer.aiter_lines()
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    async def _call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        request = self._http.request(method, path, params=parameters, json=body)
        return self._read(await self._answer(request))

    async def _answer(self, request: "Awaitable[httpx.Response]") -> "httpx.Response":
        import httpx

        try:
            return await request
        except httpx.RequestError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: "httpx.RequestError") -> Unusable:
        import httpx

        from adrelay.terminal.reasons import reason_of

        if isinstance(error, httpx.TimeoutException):
            return Unusable(f"{self._address} gave no answer within {TIMEOUT_SECONDS:.0f} seconds")
        return Unusable(f"{self._address} can't be reached: {reason_of(error)}")

    def _read(self, answer: "httpx.Response") -> Any:  # noqa: ANN401 - JSON
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return None
        document: Any = None
        with suppress(ValueError):
            document = answer.json()
        if answer.headers.get("content-type") == PROBLEM and isinstance(document, dict):
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                raise Unusable(f"{self._address} does not take this {TOKEN}")
            raise Refusal(cast("dict[str, object]", document))
        if not answer.is_success or document is None:
            raise Unusable(f"{self._address} is no gateway of Adrelay: it answers {answer.status_code}")
        if answer.status_code == HTTPStatus.ACCEPTED and "location" not in answer.headers:
            remark("it is done; what is shown here may still lack it")
        return document


def _token() -> str:
    """Return the operator's token; empty if none is set."""
    try:
        given = value_of([TOKEN], os.environ)
    except SecretFileError as error:
        raise Unusable(str(error)) from None
    return "" if given is None else given[1]


def _local_url() -> str:
    """Return the URL at which `adrelay up` serves the gateway with these settings."""
    from adrelay.runtime.local import GATEWAY_PORT

    port = os.environ.get(PORT, "").strip() or "0"
    if not (port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT):
        raise Unusable(f"{PORT} must be a whole number from 0 to {_HIGHEST_PORT}")
    return f"http://127.0.0.1:{int(port) or GATEWAY_PORT}"


def path_part(text: str) -> str:
    """Return a text escaped as one segment of a path."""
    if not text.strip("."):
        raise Unusable(f"{text!r} names nothing")
    from urllib.parse import quote

    return quote(text, safe="")


def problem_text(problem: Mapping[str, object]) -> str:
    """Return a refusal as text, without a value's location in the request, which people did not write."""
    detail = _PLACE.sub("", str(problem.get("detail") or ""))
    return ": ".join(str(part) for part in (problem.get("code"), detail) if part)


def _address(url: str) -> str:
    """Return the gateway's name for messages; raise `Unusable` if this is no URL of one."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            port = f":{parts.port}" if parts.port else ""
            return f"the gateway at {parts.scheme}://{parts.hostname}{port}"
    except ValueError:
        pass
    raise Unusable(_NO_URL)
