"""Which URLs a webhook may have. The addresses behind a host name are checked at each connection."""

import ipaddress
import re

from libs.eventsourcing import Refused
from services.gateway.hooks.addresses import is_public

LONGEST_URL = 500
HTTPS_PORT = 443
FIRST_FREE_PORT = 1024
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!$-;=?-Z_a-z~]*)?"
)
"""Without user and password, without a fragment, and without characters that programs read differently."""


def check_url(url: str, *, private_networks: bool) -> None:
    """Raise `Refused` with `malformed_webhook_url` or `private_webhook_url` for a URL that may not be called.

    With `private_networks`, for trials on one machine, plain HTTP, any port and any host are accepted.
    """
    found = _URL.fullmatch(url)
    if found is None or len(url) > LONGEST_URL:
        detail = (
            f"give an address such as https://example.org/hook of at most {LONGEST_URL} characters, without "
            "user, password, fragment or spaces; write other alphabets in their ASCII form"
        )
        raise Refused("malformed_webhook_url", detail)
    if private_networks:
        return
    if found["scheme"] != "https":
        raise Refused("malformed_webhook_url", "the address must begin with https://")
    port = int(found["port"] or HTTPS_PORT)
    if port != HTTPS_PORT and not FIRST_FREE_PORT <= port < 2**16:
        detail = f"the port must be {HTTPS_PORT}, or {FIRST_FREE_PORT} to 65535"
        raise Refused("malformed_webhook_url", detail)
    _check_host(found["host"].strip("[]"))


def _check_host(host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        if not is_public(address):
            raise Refused("private_webhook_url", f"{address} is not a public address")
        return
    name, dot, top = host.rpartition(".")
    if not dot or not name or top.isdigit() or top.startswith("0x") or ".." in host:
        raise Refused("malformed_webhook_url", "the host must be a public name such as example.org")
