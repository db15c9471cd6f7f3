"""Origins of web pages."""

from urllib.parse import urlsplit


def origin_of(url: str) -> str:
    """Return the origin of a URL as browsers send it, empty for none."""
    parts = urlsplit(url.lower())
    usual = ":443" if parts.scheme == "https" else ":80"
    host = parts.netloc.rpartition("@")[2].removesuffix(usual)
    return f"{parts.scheme}://{host}" if host else ""
