"""Requests with credentials."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt

from tests.integration.gateway.harness import JWT_SECRET, Client


async def sign_in(http: httpx.AsyncClient, client: Client, **more: str) -> dict[str, Any]:
    """Sign a client in on another device; return the answer."""
    answer = await http.post("/api/v1/auth/sign-in", json={"access_code": client.access_code, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refreshed(http: httpx.AsyncClient, token: str) -> httpx.Response:
    """Return the answer to a refresh token."""
    return await http.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def code_of(
    http: httpx.AsyncClient, credential: str, path: str = "auth/me", method: str = "GET"
) -> str | None:
    """Return the code of the problem that a credential gets from a route, None if it gets an answer."""
    headers = {"Authorization": f"Bearer {credential}"}
    answer = await http.request(method, f"/api/v1/{path}", headers=headers)
    return None if answer.is_success else str(answer.json()["code"])


async def make_key(client: Client, *scopes: str, **more: object) -> str:
    """Make an API key with these scopes; return its text."""
    answer = await client.http.post("api-keys", json={"name": "reports", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["api_key"])


def token_until(client: Client, expires_at: datetime) -> str:
    """Return an access token of a client's device with another expiry."""
    token = client.http.headers["Authorization"].partition(" ")[2]
    claims = jwt.decode(token, options={"verify_signature": False})
    content = claims | {"iat": expires_at - timedelta(minutes=5), "exp": expires_at}
    return jwt.encode(content, JWT_SECRET, "HS256", headers={"kid": jwt.get_unverified_header(token)["kid"]})
