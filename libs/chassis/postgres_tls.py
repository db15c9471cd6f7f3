"""TLS towards PostgreSQL, as a URL asks for it by libpq's options."""

import os
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

from libs.chassis.setting_files import file_problem

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ENCRYPTING = MODES[3:]
"""The modes in which nothing is sent to a server without TLS."""
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


def tls_problem(url: str) -> str | None:
    """Return what is wrong with the options for TLS of a URL, without the URL; None if nothing is.

    Files mean that TLS is wanted, so that the mode must not allow a connection without it.
    """
    query = urlsplit(url).query
    try:
        listed = parse_qs(query, strict_parsing=True) if query else {}
    except ValueError:
        return "has options after ? that can't be read"
    options = {name: values[-1] for name, values in listed.items()}
    mode = options.get("sslmode")
    if mode is not None and mode not in MODES:
        return f"has a wrong sslmode: it is one of {', '.join(MODES)}"
    named = [name for name in FILES if name in options]
    for name in named:
        if (problem := file_problem(Path(options[name]))) is not None:
            return f"has a {name} that {problem}"
    if named and mode not in ENCRYPTING:
        return f"has a {named[0]}, and so needs sslmode=verify-full too"
    return None


def encrypts(url: str) -> bool:
    """Return whether no connection by a URL, or by libpq's own variable, is made without TLS."""
    modes = [value for name, value in parse_qsl(urlsplit(url).query) if name == "sslmode"]
    return (modes[-1] if modes else os.environ.get("PGSSLMODE")) in ENCRYPTING
