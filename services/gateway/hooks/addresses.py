"""Which network addresses messages may be sent to: public ones, so that nobody reaches a private network."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_UNICAST = IPv6Network("2000::/3")
"""All IPv6 addresses that are assigned for global unicast are in it."""
_REFUSED = (
    IPv4Network("168.63.129.16/32"),  # global by its number, but Azure's own services to its machines
    IPv4Network("192.0.0.0/24"),  # reserved by the IETF; the metadata service of a cloud is in it
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # reserved by the IETF; Teredo is in it
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)
"""Refused besides those that `ipaddress` knows, some of them in newer versions of Python only."""


def is_public(address: Address) -> bool:
    """Return whether an address is a global unicast address.

    Forms of IPv6 that stand for another address (IPv4-mapped, NAT64, 6to4, Teredo) are not, whatever they
    stand for: the way that they take depends on the machine.
    """
    if isinstance(address, IPv6Address) and (address.scope_id is not None or address not in _UNICAST):
        return False
    if any(address in network for network in _REFUSED):  # an address is in no network of the other family
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_link_local or address.is_private
    )
