"""What HTTP clients here are told of TLS: reading a hundred certificates takes each a tenth of a second."""

import ssl
from functools import cache

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: for what is only called by plain HTTP, as the sandboxes are."""


@cache
def certificates() -> ssl.SSLContext:
    """Return what trusts the usual authorities, read once."""
    return httpx.create_ssl_context()
