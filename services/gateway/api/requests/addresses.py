"""The network address of a request's client, which trusted proxies may report."""

import logging
from collections.abc import Iterable

from fastapi import Request
from starlette.types import Scope

from libs.chassis.networks import Networks, caller_address, caller_network, is_private, parsed
from libs.chassis.sampling import SampledLog

lines = SampledLog(__name__)

_FOR, _PROTO = b"x-forwarded-for", b"x-forwarded-proto"
_MOST_HOPS = 20
"""How many reported addresses are looked at, from the right: proxies append to what the client sent."""
_LONGEST = 64
_SCHEMES = {b"http", b"https"}


class Proxies:
    """The proxies whose reports of a request's client are trusted.

    Only `X-Forwarded-For` and `X-Forwarded-Proto` are read. The client is the rightmost reported address that
    is not a proxy's own: what stands left of it may have been made up by the client.
    """

    def __init__(self, trusted: Networks) -> None:
        self._trusted = trusted

    def resolve(self, scope: Scope) -> None:
        """Set the client and the scheme of a request to those that trusted proxies report.

        Nothing is changed unless the peer is trusted. A report without a valid address leaves the peer's.
        """
        client = scope.get("client")
        if client is None:
            return
        if client[0] not in self._trusted:
            _notice_proxy(scope, client[0])
            return
        reported = self._client_in(value for name, value in scope["headers"] if name == _FOR)
        if reported is not None:
            scope["client"] = (reported, 0)
        schemes = [value.strip().lower() for name, value in scope["headers"] if name == _PROTO]
        if len(schemes) == 1 and schemes[0] in _SCHEMES:
            scope["scheme"] = schemes[0].decode()

    def _client_in(self, values: Iterable[bytes]) -> str | None:
        hops = b",".join(values).rsplit(b",", _MOST_HOPS)[-_MOST_HOPS:]
        client = None
        for hop in reversed(hops):
            client = _address(hop)
            if client is None or client not in self._trusted:
                return client
        return client


def _notice_proxy(scope: Scope, host: str) -> None:
    """Log that a private address reports clients and is not trusted; strangers have no private address."""
    if is_private(host) and any(name == _FOR for name, _ in scope["headers"]):
        lines.write(logging.WARNING, "proxy.not_trusted", code="not_trusted", address=host)


def _address(hop: bytes) -> str | None:
    """Return a reported address, without brackets and port; None if it is malformed."""
    text = hop.strip().decode("latin-1")
    if not text or len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = parsed(text)
    return None if address is None else str(address)


def address_of(request: Request) -> str:
    """Return the client's address; for IPv6 its network prefix, which belongs to one customer."""
    return address_in(request.scope)


def address_in(scope: Scope) -> str:
    """Return the address of a request's client, as `address_of` does."""
    return caller_address(_host(scope))


def network_in(scope: Scope) -> str:
    """Return the network around the address of a request's client: an IPv4 /24, an IPv6 /48."""
    return caller_network(_host(scope))


def _host(scope: Scope) -> str:
    return (scope.get("client") or ("", 0))[0]
