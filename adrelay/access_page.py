"""The page of who may call which route, from the routes themselves."""

from typing import Any

from libs.events.gateway import Scope
from services.gateway.api.app import make_app

PREFIX = "/api/v1"
_WHO = {
    "-": "anybody",
    f"`{Scope.READ}`": "any account, an API key of any scope",
    f"`{Scope.CONTROL}`": "any account, an API key with `control`",
    f"`{Scope.BILLING}`": "any account, an API key with `billing`",
    f"`{Scope.ADMIN}`": "an admin's account with a second factor, an API key of one with `admin`, the "
    "operator's token",
}
_BEGINNING = """# Who may call what

Every route declares one scope. A caller is known by a bearer credential: an access token of a device that is
signed in, an API key, a token of another issuer (see [accounts](../how-to/manage-accounts.md)), or the
operator's token. Whatever it is, it is held against the account at every request: its role, whether it is
suspended, and its epoch, which begins anew with another access code, role or second factor and with a
sign-out everywhere. Open streams are looked at twice a minute.

A route of an account answers about the caller's own things only: what belongs to another account is answered
for as if it did not exist. The operator's token has no account, so it opens the routes of operators alone.

## Pages of the gateway's own origin

A page signs in with `"cookie": true`. The access token of the answer stays in memory. The refresh token is in
the cookie `__Host-adrelay_refresh` (`HttpOnly`, `Secure`, `SameSite=Strict`), which no script reads; nothing
has to be stored by the page. Only two routes take the cookie, `POST /auth/refresh` without a body and
`POST /auth/sign-out` without a token. Both also need

- an `Origin` of this site, which browsers add themselves: the origin of `ADRELAY_GATEWAY_SITE_URL`, or
  without this setting that of the request (its `Host`, and `https` if a trusted proxy says so), and
- the header `X-CSRF-Token` with the `csrf_token` of the answer. It is in the cookie `__Host-adrelay_csrf`
  too, which scripts of the page may read, also after it was reloaded.

Without HTTPS, browsers refuse such names, and the cookies are `adrelay_refresh` and `adrelay_csrf`, for pages
of `localhost`, `127.0.0.1` and `[::1]` alone. Pages of other origins (`ADRELAY_GATEWAY_CORS_ORIGINS`) use
tokens without cookies. Sockets of a page check its `Origin`, and open with a ticket that is used once
(`POST /live/tickets`).

## Scopes
"""


def access_page() -> str:
    """Return the page."""
    lines = [_BEGINNING, "| scope | who has it |", "| --- | --- |"]
    lines += [f"| {scope} | {who} |" for scope, who in _WHO.items()]
    lines += ["", "| route | | scope |", "| --- | --- | --- |"]
    lines += sorted(_line(path, method, operation) for path, method, operation in _operations())
    return "\n".join(lines) + "\n"


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in make_app().openapi()["paths"].items()
        for method, operation in methods.items()
    ]


def _line(path: str, method: str, operation: dict[str, Any]) -> str:
    needed = " and ".join(f"`{scope}`" for scope in scopes_of(operation)) or "-"
    return f"| `{path.removeprefix(PREFIX)}` | `{method.upper()}` {operation['summary']} | {needed} |"


def scopes_of(operation: dict[str, Any]) -> list[str]:
    """Return the scopes of an operation, without `read` where another one includes it; none for anybody."""
    schemes = operation.get("security", [{}])
    found = {
        scope for scheme in schemes for scopes in scheme.values() for scope in scopes if {} not in schemes
    }
    return sorted(found - {Scope.READ.value}) or sorted(found)
