"""A client of the gateway's REST API for clients and operators."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

START_SECONDS, RETRY_SECONDS = 20.0, 0.2
T = TypeVar("T")
Json = dict[str, Any]


class RestError(Exception):
    """The gateway refused; `code` is that of its problem document."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code


class Rest:
    """Calls of the gateway. `token` is an access token or the admin token."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, **params: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer of a GET request; wait a while for a gateway that is being started."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(httpx.TransportError):
                response = await self._http.get(path, params=params)
                if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                    return self._answer(response)
            if time.monotonic() > deadline:
                return self._answer(await self._http.get(path, params=params))
            await asyncio.sleep(RETRY_SECONDS)

    async def post(self, path: str, body: Json | None = None) -> Any:  # noqa: ANN401 - JSON
        """Post a JSON body."""
        return self._answer(await self._http.post(path, json=body))

    async def put(self, path: str, body: Json) -> Any:  # noqa: ANN401 - JSON
        """Put a JSON body."""
        return self._answer(await self._http.put(path, json=body))

    async def upload(self, path: str, file: bytes, name: str) -> Any:  # noqa: ANN401 - JSON
        """Post a file as a form."""
        return self._answer(await self._http.post(path, files={"file": (name, file)}))

    @staticmethod
    def _answer(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if response.is_success:
            return response.json() if response.content else None
        problem: Json = {}
        with suppress(ValueError):
            problem = response.json()
        code, detail = problem.get("code", "unknown"), problem.get("detail", response.text[:200])
        raise RestError(response.status_code, str(code), str(detail))


async def until(
    question: Callable[[], Awaitable[T]],
    satisfied: Callable[[T], bool],
    *,
    within_seconds: float,
    every_seconds: float = 0.2,
) -> T:
    """Poll until the answer satisfies, and return it; raise `TimeoutError` with the last answer."""
    deadline = time.monotonic() + within_seconds
    while True:
        answer = await question()
        if satisfied(answer):
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {within_seconds:g} s still: {str(answer)[:500]}")
        await asyncio.sleep(every_seconds)
