"""TLS contexts of HTTP clients: reading a hundred certificates takes a tenth of a second each time."""

import ssl
from functools import cache

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""A context without authorities, for plain HTTP only, as in the sandboxes."""


@cache
def certificates() -> ssl.SSLContext:
    """Return a context with the usual authorities, read once."""
    return httpx.create_ssl_context()
