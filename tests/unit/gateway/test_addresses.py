"""Who is asking: the addresses that proxies report, and how they are grouped."""

import pytest
from starlette.types import Scope
from structlog.testing import capture_logs

from libs.chassis.networks import networks_in
from services.gateway.api.requests.addresses import Proxies, address_in, network_in

TRUSTED = networks_in("10.0.0.0/8,2001:db8:ffff::/48")
PROXIES, STANDARD = Proxies(TRUSTED), Proxies(TRUSTED, standard=True)


def scope(peer: str | None, *headers: tuple[bytes, bytes], scheme: str = "http") -> Scope:
    client = None if peer is None else (peer, 4711)
    return {"type": "http", "client": client, "scheme": scheme, "headers": list(headers)}


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode()) for value in values]


def resolved(peer: str, *values: str, proxies: Proxies = PROXIES) -> str:
    asked = scope(peer, *forwarded(*values))
    proxies.resolve(asked)
    return str(asked["client"][0])


@pytest.mark.parametrize(
    ("values", "client"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        (["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        (["198.51.100.1, 192.0.2.7, 10.0.0.3"], "192.0.2.7"),
        (["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
        (["nonsense,192.0.2.7"], "192.0.2.7"),
        (["x" * 5000 + ", 192.0.2.7"], "192.0.2.7"),
        (["9.9.9.9," * 1000 + "192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7:4711"], "192.0.2.7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
        (["10.0.0.9, 10.0.0.3"], "10.0.0.9"),
    ],
)
def test_the_rightmost_address_that_is_no_proxys_is_the_client(values: list[str], client: str) -> None:
    assert resolved("10.0.0.2", *values) == client


@pytest.mark.parametrize(
    "value", ["", "unknown", "192.0.2.7, unknown", "192.0.2.7.1", "x" * 5000, "\xff", "192.0.2.7,", "_hidden"]
)
def test_without_a_valid_address_the_peer_is_the_client(value: str) -> None:
    assert resolved("10.0.0.2", value) == "10.0.0.2"


@pytest.mark.parametrize("peer", ["192.0.2.1", "11.0.0.1", "2001:db8::1", "testclient", ""])
def test_a_stranger_is_not_believed(peer: str) -> None:
    asked = scope(peer, *forwarded("198.51.100.1"), (b"x-forwarded-proto", b"https"))
    PROXIES.resolve(asked)
    assert (asked["client"], asked["scheme"]) == ((peer, 4711), "http")


@pytest.mark.parametrize(("peer", "noticed"), [("10.9.9.9", 1), ("127.0.0.1", 1), ("8.8.8.8", 0)])
def test_a_proxy_that_is_not_trusted_is_noticed_unless_it_may_be_a_stranger(peer: str, noticed: int) -> None:
    with capture_logs() as lines:
        Proxies(networks_in("10.0.0.0/24")).resolve(scope(peer, *forwarded("198.51.100.1")))
        Proxies(networks_in("10.0.0.0/24")).resolve(scope(peer))
    assert [line["event"] for line in lines] == ["proxy.not_trusted"] * noticed


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert resolved("127.0.0.1", "198.51.100.1", proxies=Proxies(networks_in(""))) == "127.0.0.1"


def test_a_proxy_may_have_an_ipv4_address_mapped_to_ipv6() -> None:
    assert resolved("::ffff:10.0.0.2", "192.0.2.7") == "192.0.2.7"


def test_a_request_without_a_peer_stays_without() -> None:
    asked = scope(None, *forwarded("198.51.100.1"))
    PROXIES.resolve(asked)
    assert (asked["client"], address_in(asked)) == (None, "")


@pytest.mark.parametrize(
    ("sent", "scheme"),
    [
        ([b"https"], "https"),
        ([b" HTTPS "], "https"),
        ([b"ftp"], "http"),
        ([b"https,http"], "http"),
        ([b"https", b"http"], "http"),
        ([], "http"),
    ],
)
def test_the_scheme_is_that_which_a_proxy_reports(sent: list[bytes], scheme: str) -> None:
    asked = scope("10.0.0.2", *((b"x-forwarded-proto", value) for value in sent))
    PROXIES.resolve(asked)
    assert asked["scheme"] == scheme


@pytest.mark.parametrize(
    ("values", "client", "scheme"),
    [
        (["for=192.0.2.7;proto=https"], "192.0.2.7", "https"),
        (['For="[2001:db8::7]:4711"; Proto=HTTPS;by=10.0.0.2'], "2001:db8::7", "https"),
        (['for="192.0.2.7:4711"'], "192.0.2.7", "http"),
        (["for=198.51.100.1;proto=https, for=192.0.2.7;proto=http"], "192.0.2.7", "http"),
        (["for=198.51.100.1", "for=192.0.2.7;proto=https"], "192.0.2.7", "https"),
        (["for=192.0.2.7;proto=https, for=10.0.0.3;proto=http"], "192.0.2.7", "https"),
        (['for="198.51.100.1, for=192.0.2.7;proto=https'], "192.0.2.7", "https"),
        (["nonsense,;;=,for=192.0.2.7;proto=gopher"], "192.0.2.7", "http"),
        (["for=9.9.9.9," * 1000 + "for=192.0.2.7"], "192.0.2.7", "http"),
        (["for=198.51.100.1;for=192.0.2.7"], "10.0.0.2", "http"),
        (["for=198.51.100.1, for=_hidden;proto=https"], "10.0.0.2", "http"),
        (["for=unknown;proto=https"], "10.0.0.2", "http"),
        (["proto=https"], "10.0.0.2", "http"),
        (["\xff" * 5000], "10.0.0.2", "http"),
        ([""], "10.0.0.2", "http"),
        ([], "10.0.0.2", "http"),
    ],
)
def test_the_standard_header_is_read_from_its_right_end(values: list[str], client: str, scheme: str) -> None:
    asked = scope("10.0.0.2", *((b"forwarded", value.encode("latin-1")) for value in values))
    STANDARD.resolve(asked)
    assert (asked["client"][0], asked["scheme"]) == (client, scheme)


def test_a_client_can_not_use_the_header_that_its_proxy_does_not_send() -> None:
    standard = (b"forwarded", b"for=198.51.100.1;proto=https")
    usual = (b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")
    for proxies, sent in ((PROXIES, [standard]), (STANDARD, usual)):
        asked = scope("10.0.0.2", *sent)
        proxies.resolve(asked)
        assert (asked["client"], asked["scheme"]) == (("10.0.0.2", 4711), "http")


def test_a_stranger_is_not_believed_in_the_standard_header() -> None:
    asked = scope("192.0.2.1", (b"forwarded", b"for=198.51.100.1;proto=https"))
    STANDARD.resolve(asked)
    assert (asked["client"], asked["scheme"]) == (("192.0.2.1", 4711), "http")


@pytest.mark.parametrize(
    ("host", "address", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "c00002/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "c00002/24"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002/64", "20010db80001/48"),
        ("fe80::1%eth0", "fe80000000000000/64", "fe8000000000/48"),
        ("somewhere", "somewhere", "somewhere"),
    ],
)
def test_addresses_are_grouped_by_who_may_use_them(host: str, address: str, network: str) -> None:
    assert (address_in(scope(host)), network_in(scope(host))) == (address, network)
