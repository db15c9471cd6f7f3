"""Finds servers on other machines to which connections may be made without TLS."""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from libs.chassis.database_urls import hosts_in
from libs.chassis.networks import is_this_machine
from libs.chassis.postgres_tls import encrypts

_PLAIN_SCHEMES = ("nats", "ws")


def plain_text_databases(urls: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each such PostgreSQL server, given valid URLs by what has them."""
    for host, names in _other_machines({name: url for name, url in urls.items() if not encrypts(url)}):
        yield (
            f"what is exchanged with PostgreSQL on {host} can be read and changed on the way, without "
            f"sslmode=verify-full ({names}): docs/how-to/secure-the-databases.md, TLS"
        )


def plain_text_brokers(urls: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each such NATS server, given valid URLs by what has them, without files for TLS."""
    plain = {name: url for name, url in urls.items() if urlsplit(url).scheme in _PLAIN_SCHEMES}
    for host, names in _other_machines(plain):
        yield (
            f"passwords and events can be read and changed on the way to NATS on {host}, without tls:// "
            f"({names}): docs/how-to/secure-the-broker.md, TLS"
        )


def _other_machines(urls: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Return the hosts of URLs that are not this machine, each with the names of its URLs."""
    found: dict[str, list[str]] = {}
    for name, url in urls.items():
        for host in hosts_in(url):
            if not is_this_machine(host):
                found.setdefault(host, []).append(name)
    return [(host, ", ".join(names)) for host, names in found.items()]
