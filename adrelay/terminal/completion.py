"""Shell completion, which imports nothing slow, has short timeouts and ignores errors."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread
from typing import Any, cast

import typer

from adrelay.names import SERVICES, TABLES

DEADLINE_SECONDS = 0.3
_MOST_BYTES = 256 * 1024
_URL, _PORT, _TOKEN = "ADRELAY_GATEWAY_URL", "ADRELAY_GATEWAY_HTTP_PORT", "ADRELAY_GATEWAY_ADMIN_TOKEN"


def services(incomplete: str) -> list[str]:
    """Return the services that begin with a text."""
    return _beginning(incomplete, SERVICES)


def tables(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the tables that begin with a text: of the services named before, or of all."""
    named = ctx.params.get("service") or SERVICES
    chosen = [named] if isinstance(named, str) else [str(one) for one in cast("Iterable[object]", named)]
    found = {table for service in chosen for table in TABLES.get(service, ())}
    return _beginning(incomplete, sorted(found))


def plans(incomplete: str) -> list[str]:
    """Return the codes of plans that begin with a text, if a gateway answers at once."""
    return _beginning(incomplete, _asked("plans", "code"))


def orders(incomplete: str) -> list[str]:
    """Return the numbers of the latest orders that begin with a text, if a gateway answers at once."""
    return _beginning(incomplete.upper(), _asked("orders?limit=100", "order_number"))


def emails(incomplete: str) -> list[str]:
    """Return the e-mail addresses of accounts that begin with a text, if a gateway answers at once."""
    return _beginning(incomplete.lower(), _asked("accounts?limit=100", "email"))


def adbots(incomplete: str) -> list[str]:
    """Return the ids of the latest adbots that begin with a text, if a gateway answers at once."""
    return _beginning(incomplete.lower(), _asked("adbots?limit=100&sort=-created_at", "id"))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _asked(path: str, field: str) -> list[str]:
    """Return one field of a list of the gateway; empty if it does not answer well and at once."""
    found: list[str] = []

    def ask() -> None:
        with suppress(Exception):  # a completion can't report errors
            found.extend(str(one[field]) for one in _get(path)["items"])

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(DEADLINE_SECONDS)
    return [] if asking.is_alive() else found


def _get(path: str) -> Any:  # noqa: ANN401 - JSON
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlsplit

    url, token = _gateway()
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=DEADLINE_SECONDS)
    try:
        target = f"{parts.path.rstrip('/')}/api/v1/admin/{path}"
        connection.request("GET", target, headers={"authorization": f"Bearer {token}"})
        return json.loads(connection.getresponse().read(_MOST_BYTES))
    finally:
        connection.close()


def _gateway() -> tuple[str, str]:
    """Return the gateway's URL and token.

    A token from the environment is sent only to a URL from there: a file in a foreign folder must not be able
    to get it by TAB.
    """
    url, port, token = (os.environ.get(name, "") for name in (_URL, _PORT, _TOKEN))
    if not token:
        from adrelay.env_file import DEFAULT, values_in

        settings = values_in(DEFAULT)
        url, port = url or settings.get(_URL, ""), port or settings.get(_PORT, "")
        token = settings.get(_TOKEN, "")
    if not token:
        raise LookupError(_TOKEN)
    return url or f"http://127.0.0.1:{port or 8080}", token
