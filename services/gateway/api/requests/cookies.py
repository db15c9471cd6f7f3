"""Cookies of this host alone, which browsers send from its own pages only."""

REFRESH, CSRF = "adrelay_refresh", "adrelay_csrf"
"""The cookies of a device: its refresh token, and the token that pages send with it."""
_PREFIX = "__Host-"


def cookie_name(name: str, *, secure: bool) -> str:
    """Return a cookie's name: over HTTPS with a prefix by which no other host can set it.

    Browsers refuse the prefix over plain HTTP.
    """
    return f"{_PREFIX}{name}" if secure else name


def set_cookie(name: str, value: str, *, secure: bool, seconds: int, scripts: bool = False) -> str:
    """Return the header that sets a cookie; with `scripts`, those of the host's pages can read it."""
    hidden = "" if scripts else "; HttpOnly"
    over_tls = "; Secure" if secure else ""
    named = cookie_name(name, secure=secure)
    return f"{named}={value}; Path=/; Max-Age={seconds}{hidden}; SameSite=Strict{over_tls}"
