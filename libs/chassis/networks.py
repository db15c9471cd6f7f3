"""Networks by their CIDR, and one spelling of a client's network address."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator
from pydantic_settings import NoDecode

Address = IPv4Address | IPv6Address
_REMEMBERED = 4096
"""How many addresses are remembered parsed: a client's requests repeat its address."""


class Networks:
    """A set of networks; `address in networks` is false for what is no address."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = tuple(networks)

    def __bool__(self) -> bool:
        """Return whether there is any network."""
        return bool(self._networks)

    def __str__(self) -> str:
        return ",".join(map(str, self._networks))

    def __contains__(self, host: str) -> bool:
        """Return whether this address is within one of the networks."""
        if not self._networks:
            return False
        address = parsed(host)
        return address is not None and any(address in network for network in self._networks)


@lru_cache(_REMEMBERED)
def parsed(host: str) -> Address | None:
    """Return the address in a text, None if there is none; an IPv4 address mapped to IPv6 as IPv4."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(_REMEMBERED)
def is_this_machine(host: str) -> bool:
    """Return whether a host of a URL, or a client's address, is this machine for certain.

    That is the folder of a Unix socket, `localhost`, or an address of the loopback interface. Other names
    are not looked up: what they lead to can change.
    """
    address = parsed(host.removeprefix("[").removesuffix("]"))
    if address is not None:
        return address.is_loopback
    return host.startswith("/") or host.removesuffix(".").lower() == "localhost"


@lru_cache(_REMEMBERED)
def is_private(host: str) -> bool:
    """Return whether this is an address of this machine or of a network that the internet does not reach."""
    address = parsed(host)
    return address is not None and address.is_private


@lru_cache(_REMEMBERED)
def caller_address(host: str) -> str:
    """Return what limits count by: an IPv4 address, an IPv6 /64, which one customer owns, or the text."""
    address = parsed(host)
    if isinstance(address, IPv6Address):
        return f"{int(address) >> 64:016x}/64"
    return host if address is None else str(address)


@lru_cache(_REMEMBERED)
def caller_network(host: str) -> str:
    """Return the network around an address, of which one party may use all: an IPv4 /24, an IPv6 /48."""
    address = parsed(host)
    if isinstance(address, IPv6Address):
        return f"{int(address) >> 80:012x}/48"
    return host if address is None else f"{int(address) >> 8:06x}/24"


def networks_in(text: object) -> Networks:
    """Return the networks in a comma-separated text; raise `ValueError` naming what is no network."""
    if isinstance(text, Networks):
        return text
    found: list[IPv4Network | IPv6Network] = []
    for part in filter(None, (one.strip() for one in str(text).split(","))):
        try:
            found.append(ip_network(part))
        except ValueError:
            message = f"{part} is no network such as 10.0.0.0/8 or 2001:db8::/32"
            raise ValueError(message) from None
    return Networks(found)


NetworksSetting = Annotated[Networks, NoDecode, PlainValidator(networks_in), PlainSerializer(str)]
"""A setting of comma-separated networks."""
