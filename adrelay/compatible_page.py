"""The page of the routes that existing front ends call, from the routes themselves."""

from typing import Any

from adrelay.access_matrix import PREFIX
from services.gateway.api.app import make_app
from services.gateway.api.describing.translated import TRANSLATED

_BEGINNING = """# Routes that existing front ends call

An earlier system had a front end and a backend of its own. The gateway serves the routes of both, as
translations onto the routes of version 1: names of fields are theirs, and all else is as in version 1, such
as problems, limits, idempotency keys, and who may call what ([access](access.md)). New programs use version
1. [Decision 49](../decisions/0049-compatible-routes.md) has the reasons.

- A caller is known by its bearer token alone, ours or that of the configured issuer (`user_id` or `sub`). A
  header such as `x-user-id` says nothing, and an account that does not exist is refused, whatever the token.
- Fields that a route does not know are ignored. What a front end says of plans, sessions or intervals grants
  nothing: seats come from a paid order.
- Routes of `/api/bot`, `/api/sync` and `/api/user` name no adbot. They are about the last one of the account
  that is neither expired nor suspended, else about the last one. Without any, what shows something answers
  `stopped` and empty, and what changes something `404 unknown_adbot`.
- The post may be set before the groups, not the other way round (`409 no_post`): there is no advertisement
  without a post. Setting a post takes the place of several; group lists and their options stay.
- Amounts are texts, as in version 1. `plan_status` and `role` have the values of version 1.
- `paymentId` is the order's number, since the provider's numbers count up. `status` of a payment is:
  `pending` (`REQUESTED`, `WAITING`), `confirming` (`CONFIRMING`, `CONFIRMED`, `SENDING`), `partial`
  (`PARTIALLY_PAID`), `paid`, `failed`, `refunded`, and `expired`, also of a cancelled order. Money that
  arrives later is still shown.
- Tokens last as long as those of version 1, by default a quarter of an hour. A front end that keeps no
  `refresh_token` signs in again; `ADRELAY_GATEWAY_TOKEN_SECONDS` makes tokens last for up to a day.
- Scripts of a page of another origin need `ADRELAY_GATEWAY_CORS_ORIGINS`.
- `licence` is the account's licence key: a name for the account that its owner tells the operator, who finds
  the account by it. It is no credential.
"""


def compatible_page() -> str:
    """Return the page."""
    paths: dict[str, dict[str, dict[str, Any]]] = make_app().openapi()["paths"]
    named = {
        operation["operationId"]: f"`{method.upper()} {path}`"
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    lines = [_BEGINNING, "| route | calls | |", "| --- | --- | --- |"]
    lines += [
        _line(operation, named)
        for path, methods in sorted(paths.items())
        if not path.startswith(f"{PREFIX}/")
        for _, operation in sorted(methods.items())
    ]
    return "\n".join(lines) + "\n"


def _line(operation: dict[str, Any], named: dict[str, str]) -> str:
    called = ", ".join(named[name] for name in TRANSLATED[operation["operationId"]]) or "-"
    said = " ".join(operation["description"].split())
    return f"| {named[operation['operationId']]} | {called} | {said} |"
