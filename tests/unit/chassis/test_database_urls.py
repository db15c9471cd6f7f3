"""URLs of PostgreSQL: which machine they lead to, and what is taken over from one to another."""

import pytest

from adrelay.servers.stores import server_address
from libs.chassis.database_urls import hosts_in, url_for_another, with_default_database
from libs.chassis.networks import is_this_machine
from libs.chassis.plain_text import plain_text_databases
from libs.chassis.roles_in_urls import InvalidRoles, roles_in
from libs.chassis.settings import postgres_problem

HERE = (
    "127.0.0.1",
    "127.8.9.10",
    "localhost",
    "LocalHost",
    "localhost.",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "%2Fvar%2Frun%2Fpostgresql",
)
ELSEWHERE = (
    "127.0.0.1.example.org",
    "localhost.example.org",
    "db.localhost",
    "128.0.0.1",
    "10.0.0.1",
    "0.0.0.0",
    "[::]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "postgres",
)


@pytest.fixture(autouse=True)
def _without_libpq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)


def warned(url: str) -> bool:
    assert postgres_problem(url) is None
    return bool(list(plain_text_databases({"a variable": url})))


@pytest.mark.parametrize("host", HERE)
def test_a_host_of_this_machine_needs_no_tls(host: str) -> None:
    [found] = hosts_in(f"postgresql://user:hunter2@{host}:5432/a")
    assert is_this_machine(found)
    assert not warned(f"postgresql://user:hunter2@{host}:5432/a")


@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize("options", ["", "?sslmode=disable", "?sslmode=allow", "?sslmode=prefer"])
def test_another_machine_without_tls_is_warned_of(host: str, options: str) -> None:
    assert warned(f"postgresql://user:hunter2@{host}:5432/a{options}")


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_another_machine_with_tls_is_not_warned_of(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not warned(f"postgresql://user@db.example?sslmode={mode}")
    assert warned(f"postgresql://user@db.example?sslmode={mode}&sslmode=prefer"), "the last one counts"
    monkeypatch.setenv("PGSSLMODE", mode)
    assert not warned("postgresql://user@db.example")
    assert warned("postgresql://user@db.example?sslmode=prefer")


def test_one_line_for_each_machine_names_who_connects_to_it_and_no_password() -> None:
    urls = {
        "billing": "postgresql://u:hunter2@one.example,127.0.0.1:5433,two.example/a",
        "gateway": "postgresql://u:hunter2@two.example/a",
    }
    one, two = plain_text_databases(urls)
    assert "PostgreSQL on one.example can be read" in one
    assert "(billing)" in one
    assert "PostgreSQL on two.example can be read" in two
    assert "(billing, gateway)" in two
    assert "hunter2" not in one + two


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://u:hunter2@one.example:1,two.example:2/a", "one.example:1,two.example:2/a"),
        ("postgresql://u:hunter2@[::1]:5432", "[::1]:5432"),
        ("postgresql://u:hunter2@%2Frun%2Fpg/a", "/run/pg/a"),
        ("nats://u:hunter2@one.example:4222/a", "one.example:4222"),
    ],
)
def test_the_address_of_an_error_is_that_of_the_url(url: str, address: str) -> None:
    assert server_address(url) == address


def test_a_url_for_another_user_has_no_secret_of_the_first_one() -> None:
    own = "sslcert=/own.pem&sslkey=/own.key&sslpassword=hunter2&password=hunter2&user=root&passfile=/own"
    server = f"postgresql://root:hunter2@db.example:1/any?sslmode=verify-full&sslrootcert=/ca.pem&{own}"
    assert url_for_another(server, "a/b", "c@d") == (
        "postgresql://a%2Fb:c%40d@db.example:1/?sslmode=verify-full&sslrootcert=/ca.pem"
    )


def test_a_url_keeps_the_database_that_it_names() -> None:
    assert with_default_database("postgresql://h/a?b=c", "postgres") == "postgresql://h/a?b=c"
    assert with_default_database("postgresql://h/?b=c", "postgres") == "postgresql://h/postgres?b=c"
    assert with_default_database("postgresql://h?b=c", "postgres") == "postgresql://h/postgres?b=c"


def test_a_password_with_an_at_sign_is_not_taken_for_a_host() -> None:
    problem = postgres_problem("postgresql://u:hun@ter2@db.example")
    assert problem == "has more than one @ (in a password @ is %40)"


TOOLS = "postgresql://tools:long-enough-for-this@h"
LONG = "x" * 64


@pytest.mark.parametrize(
    ("user", "database", "problem"),
    [
        ("s", "postgres", "ADRELAY_SHOP_POSTGRES_URL names the database postgres, which every server has"),
        ("s", "template1", "ADRELAY_SHOP_POSTGRES_URL names the database template1, which every server has"),
        ("s", "bread", "ADRELAY_SHOP_POSTGRES_URL names the database bread as another one does"),
        ("s", LONG, f"'{LONG}', by ADRELAY_SHOP_POSTGRES_URL, is longer than 63 bytes, or no text"),
        (LONG, "d", f"'{LONG}', by ADRELAY_SHOP_POSTGRES_URL, is longer than 63 bytes, or no text"),
        ("s%00", "d", r"'s\x00', by ADRELAY_SHOP_POSTGRES_URL, is longer than 63 bytes, or no text"),
    ],
)
def test_names_that_are_no_roles_or_databases_own_are_refused(user: str, database: str, problem: str) -> None:
    services = {
        "shop": f"postgresql://{user}:long-enough-for-this@h/{database}",
        "bakery": "postgresql://b:long-enough-for-this@h/bread",
    }
    with pytest.raises(InvalidRoles) as raised:
        roles_in(services, TOOLS)
    assert any(one.startswith(problem) for one in raised.value.problems)
