"""Requests with credentials."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
from pyotp.totp import TOTP

from libs.eventsourcing.values import utc_now
from tests.integration.gateway.harness import JWT_SECRET, Client


async def sign_in(http: httpx.AsyncClient, client: Client, **more: str) -> dict[str, Any]:
    """Sign a client in on another device; return the answer."""
    answer = await http.post("/api/v1/auth/sign-in", json={"access_code": client.access_code, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sign_in_with_second_factor(http: httpx.AsyncClient, client: Client) -> str:
    """Set up a second factor of a client, and sign in with it; return an access token."""
    headers = {"Authorization": f"Bearer {(await sign_in(http, client))['token']}"}
    path = "/api/v1/auth/second-factor"
    codes = TOTP((await http.post(path, headers=headers)).json()["secret"])
    body, following = {"one_time_code": codes.now()}, codes.at(utc_now() + timedelta(seconds=30))
    confirmed = await http.post(f"{path}/confirm", json=body, headers=headers)
    assert confirmed.status_code == 204, confirmed.text
    return str((await sign_in(http, client, one_time_code=following))["token"])


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
