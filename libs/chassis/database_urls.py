"""Reads and writes the parts of a PostgreSQL URL. An error never shows the URL: it has a password."""

from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from libs.chassis.database_roles import DatabaseName, RoleName

MAINTENANCE = DatabaseName("postgres")
"""The database that every server has, to connect to before there is one of ours."""
_OPTIONS_FOR_OTHERS = (
    "sslmode",
    "sslrootcert",
    "sslcrl",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
)
"""The options of a URL that hold for each user of its server."""


def database_in(url: str) -> DatabaseName:
    """Return the name of the database of a URL; empty if it names none."""
    return DatabaseName(unquote(urlsplit(url).path.removeprefix("/")))


def in_database(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def with_default_database(url: str, database: str) -> str:
    """Return a URL with this database, unless it names one."""
    return url if database_in(url) else in_database(url, database)


def user_in(url: str) -> RoleName:
    """Return the user of a URL; empty if it names none."""
    return RoleName(unquote(urlsplit(url).username or ""))


def password_in(url: str) -> str:
    """Return the password of a URL; empty if it has none."""
    return unquote(urlsplit(url).password or "")


def servers_in(url: str) -> str:
    """Return hosts and ports of a URL, as it has them: there may be several, separated by commas."""
    return unquote(urlsplit(url).netloc.rpartition("@")[2])


def hosts_in(url: str) -> list[str]:
    """Return the hosts of a URL; of a Unix socket its folder."""
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    return [unquote(urlsplit(f"//{host}").hostname or "") for host in hosts]


def at_server_of(other: str, url: str) -> str:
    """Return a URL with the host and port of another one; all else stays."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}{at}{urlsplit(other).netloc.rpartition('@')[2]}"))


def url_with(server: str, user: str, password: str) -> str:
    """Return a URL with another user; all else stays. The password may be empty."""
    parts = urlsplit(server)
    host = parts.netloc.rpartition("@")[2]
    login = ":".join(quote(part, safe="") for part in (user, password) if part)
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))


def url_for_another(server: str, user: str, password: str) -> str:
    """Return a URL of a server for another user, to whom nothing is given that is the first one's own.

    It has no database. Of the options, those stay by which TLS is demanded and the server is checked.
    """
    options = [one for one in parse_qsl(urlsplit(server).query) if one[0] in _OPTIONS_FOR_OTHERS]
    plain = urlunsplit(urlsplit(server)._replace(path="/", query=urlencode(options, safe="/")))
    return url_with(plain, user, password)
