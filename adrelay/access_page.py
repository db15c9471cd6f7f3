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

Paths are those below `/api/v1`. Those that begin with `/api` are of
[existing front ends](compatible-routes.md); of these, operators may call `/api/adbots/{adbot_id}/…` too,
about any adbot.
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
