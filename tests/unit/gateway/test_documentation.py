"""The page with the OpenAPI document."""

import re

import httpx
import pytest

from services.gateway.api.app import make_app


@pytest.fixture(name="http")
def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(make_app()), base_url="http://gateway/")


async def test_the_page_loads_only_files_of_this_server(http: httpx.AsyncClient) -> None:
    page = await http.get("docs")
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 5
    assert not [place for place in loaded if ":" in place and place != "data:,"]
    for place in loaded:
        if place.startswith("docs/"):
            file = await http.get(place)
            assert file.status_code == 200
            assert file.headers["content-type"].startswith(("text/javascript", "text/css"))
    script = (await http.get("docs/start.js")).text
    assert 'url: "openapi.json"' in script
    assert "validatorUrl: null" in script, "else it asks a server of the makers about the document"


async def test_the_page_may_run_only_scripts_of_this_server(http: httpx.AsyncClient) -> None:
    page = await http.get("docs")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"<script>|<script [^>]*>[^<]|<style|style=| on[a-z]+=", page.text)
