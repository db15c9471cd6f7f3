"""The origin of the site's URL, as browsers send it."""

import pytest

from services.gateway.origins import origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://ads.example.org/app/", "https://ads.example.org"),
        ("HTTPS://Ads.Example.org:443", "https://ads.example.org"),
        ("http://me:secret@127.0.0.1:8080/x?y", "http://127.0.0.1:8080"),
        ("", ""),
    ],
)
def test_an_origin_is_scheme_host_and_an_unusual_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin
