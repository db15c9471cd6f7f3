"""Which addresses messages of webhooks may be sent to, and that those are the ones that are connected to."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.hooks.addresses import is_public
from services.gateway.hooks.network import CheckedNetwork, PrivateAddress, SystemResolver, UnknownHost

PUBLIC, PRIVATE = "93.184.216.34", "127.0.0.1"
PRIVATE_NETWORKS = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]


@pytest.mark.parametrize("text", [PUBLIC, "1.1.1.1", "172.15.0.1", "2606:4700:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "127.0.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "100.100.100.200",
        "224.0.1.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "::10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "2001::1",
        "2001:20::1",
        "3fff::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_all_others_are_not(text: str) -> None:
    assert not is_public(ip_address(text))


@given(
    st.sampled_from(PRIVATE_NETWORKS).flatmap(
        lambda net: st.integers(0, net.num_addresses - 1).map(lambda number: net[number])
    )
)
def test_no_address_of_a_private_network_is_public_in_any_form(address: IPv4Address) -> None:
    assert not is_public(address)
    number = int(address)
    for form in (
        IPv6Address(number),
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address(0x2002 << 112 | number << 80),
    ):
        assert not is_public(form)


@given(st.ip_addresses(v=6))
def test_a_public_ipv6_address_is_global_unicast_and_no_form_of_another(address: IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert int(address) >> 125 == 1
        assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)


class Rebinding:
    """A name server that answers with other addresses each time, and counts how often it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.answers.pop(0)


class Inner(httpcore.AsyncMockBackend):
    """Notes to which addresses it connects; those of `dead` refuse."""

    def __init__(self, *dead: str) -> None:
        super().__init__([])
        self.connected: list[str] = []
        self.dead = dead

    async def connect_tcp(self, host: str, *arguments: object, **more: object) -> httpcore.AsyncNetworkStream:
        del arguments, more
        self.connected.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([])


def network(resolve: Rebinding, inner: Inner, *, private_networks: bool = False) -> CheckedNetwork:
    return CheckedNetwork(resolve, private_networks=private_networks, inner=inner)


async def test_a_name_that_changes_is_looked_up_once_and_the_checked_address_is_connected_to() -> None:
    resolve, inner = Rebinding([PUBLIC], [PRIVATE]), Inner()
    checked = network(resolve, inner)
    await checked.connect_tcp("rebinding.example", 443)
    assert (resolve.asked, inner.connected) == (1, [PUBLIC])
    with pytest.raises(PrivateAddress):
        await checked.connect_tcp("rebinding.example", 443)
    assert inner.connected == [PUBLIC]


async def test_private_addresses_among_public_ones_are_left_out() -> None:
    inner = Inner(PUBLIC)
    with pytest.raises(httpcore.ConnectError):
        await network(Rebinding([PRIVATE, "::1", PUBLIC]), inner).connect_tcp("mixed.example", 443)
    assert inner.connected == [PUBLIC]


async def test_the_next_address_is_tried_and_at_most_three() -> None:
    addresses = ["1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"]
    inner = Inner(*addresses)
    with pytest.raises(httpcore.ConnectError):
        await network(Rebinding(addresses), inner).connect_tcp("dead.example", 443)
    assert inner.connected == addresses[:3]


async def test_trials_may_connect_to_private_addresses() -> None:
    inner = Inner()
    await network(Rebinding([PRIVATE]), inner, private_networks=True).connect_tcp("localhost", 80)
    assert inner.connected == [PRIVATE]


@pytest.mark.parametrize("host", ["a" * 64 + ".invalid", "127.0.0.1", "localhost", "2130706433", "0x7f.1"])
async def test_the_systems_resolver_leads_nowhere_private(host: str) -> None:
    resolver = SystemResolver()
    try:
        with pytest.raises((PrivateAddress, UnknownHost)):
            await CheckedNetwork(resolver, private_networks=False).connect_tcp(host, 443)
    finally:
        resolver.close()
