"""A front end of a client, which calls the routes below `/api`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.integration.gateway.harness import Client


@dataclass
class FrontEnd:
    """Calls routes with one token, or without."""

    http: httpx.AsyncClient
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, http: httpx.AsyncClient, client: Client) -> "FrontEnd":
        """Return a client's front end."""
        return cls(http, {"Authorization": client.http.headers["Authorization"]})

    @classmethod
    def bearing(cls, http: httpx.AsyncClient, token: str) -> "FrontEnd":
        """Return a front end with this token."""
        return cls(http, {"Authorization": f"Bearer {token}"})

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - of httpx
        """Return the answer to a request of `/api/<path>`."""
        headers = {**self.headers, **more.pop("headers", {})}
        return await self.http.request(method, f"/api/{path}", headers=headers, **more)

    async def get(self, path: str, **parameters: object) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a route; raise unless its status is 200."""
        answer = await self.ask("GET", path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None, *, status: int = 200) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON of a route; raise unless its status is this one."""
        answer = await self.ask("POST", path, **({} if body is None else {"json": body}))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, **more: Any) -> tuple[int, str]:  # noqa: ANN401 - of httpx
        """Return the status and the code of a problem."""
        answer = await self.ask(method, path, **more)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, str(answer.json()["code"])
