"""The network address of a request's client, which trusted proxies may report."""

import logging
from collections.abc import Sequence

from fastapi import Request
from starlette.types import Scope

from libs.chassis.networks import Networks, caller_address, caller_network, is_private, parsed
from libs.chassis.sampling import SampledLog

lines = SampledLog(__name__)

_FOR, _PROTO, _FORWARDED = b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"
_MOST_HOPS = 20
"""How many reported addresses are looked at, from the right: proxies append to what the client sent."""
_LONGEST = 64
_SCHEMES = {b"http", b"https"}


class Proxies:
    """The proxies whose reports of a request's client are trusted.

    They report by `X-Forwarded-For` and `X-Forwarded-Proto`, or else by `Forwarded` (RFC 7239), as is set:
    headers of the other kind may have been made up by the client, since proxies pass on what they do not
    know. The client is the rightmost reported address that is not a proxy's own: what stands left of it may
    have been made up, too.
    """

    def __init__(self, trusted: Networks, *, standard: bool = False) -> None:
        self._trusted = trusted
        self._standard = standard
        """Whether they send `Forwarded`."""

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
        if self._standard:
            self._read_standard(scope)
            return
        reported, _ = self._client_in(_hops(scope, _FOR))
        if reported is not None:
            scope["client"] = (reported, 0)
        schemes = [value.strip().lower() for name, value in scope["headers"] if name == _PROTO]
        if len(schemes) == 1 and schemes[0] in _SCHEMES:
            scope["scheme"] = schemes[0].decode()

    def _read_standard(self, scope: Scope) -> None:
        """Read client and scheme from one element of `Forwarded`, which a trusted proxy has added."""
        elements = [_pairs(hop) for hop in _hops(scope, _FORWARDED)]
        reported, place = self._client_in([element.get(b"for", b"") for element in elements])
        if reported is None:
            return
        scope["client"] = (reported, 0)
        scheme = elements[place].get(b"proto", b"").lower()
        if scheme in _SCHEMES:
            scope["scheme"] = scheme.decode()

    def _client_in(self, hops: Sequence[bytes]) -> tuple[str | None, int]:
        """Return the client's address, None without a valid one, and its place among the hops."""
        client, place = None, len(hops)
        for place in reversed(range(len(hops))):
            client = _address(hops[place])
            if client is None or client not in self._trusted:
                break
        return client, place


def _hops(scope: Scope, header: bytes) -> list[bytes]:
    """Return the last hops in a header of a request, which may stand in it several times.

    They are separated by commas, also those within quotes: what a proxy adds has none there, and a quote that
    a client has opened must not hide it.
    """
    values = [value for name, value in scope["headers"] if name == header]
    return b",".join(values).rsplit(b",", _MOST_HOPS)[-_MOST_HOPS:] if values else []


def _pairs(element: bytes) -> dict[bytes, bytes]:
    """Return the parameters of an element of `Forwarded`; none if one of them stands in it twice."""
    pairs = [pair.partition(b"=") for pair in element.split(b";")]
    found = {name.strip().lower(): value.strip().strip(b'"') for name, _, value in pairs}
    return found if len(found) == len(pairs) else {}


def _notice_proxy(scope: Scope, host: str) -> None:
    """Log that a private address reports clients and is not trusted; strangers have no private address."""
    if is_private(host) and any(name in {_FOR, _FORWARDED} for name, _ in scope["headers"]):
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
