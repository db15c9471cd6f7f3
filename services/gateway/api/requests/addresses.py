"""The network address of a request's client."""

from ipaddress import IPv6Address, ip_address

from fastapi import Request
from starlette.types import Scope


def address_of(request: Request) -> str:
    """Return the client's address; for IPv6 its network prefix, which belongs to one customer."""
    return address_in(request.scope)


def address_in(scope: Scope) -> str:
    """Return the address of a request's client, as `address_of` does."""
    host: str = (scope.get("client") or ("", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"{int(address) >> 64:x}/64"
    return host
