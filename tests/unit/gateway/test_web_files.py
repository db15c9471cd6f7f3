"""The files of the web application, as browsers get them."""

import gzip
from pathlib import Path

import httpx
import pytest

from services.gateway.api.app import make_app

SCRIPT = b"console.log('hello')"


@pytest.fixture(name="http")
def _http(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Adrelay</title>")
    (tmp_path / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / ".built").write_text("digest")
    return httpx.AsyncClient(transport=httpx.ASGITransport(make_app(tmp_path)), base_url="http://gateway")


@pytest.mark.parametrize("page", ["/", "/adbots", "/adbots/0190a000-0000-7000-8000-0000000000a1", "/no/such"])
async def test_paths_of_pages_are_answered_by_the_application(http: httpx.AsyncClient, page: str) -> None:
    answer = await http.get(page)

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.text.endswith("<title>Adrelay</title>")


async def test_pages_may_run_no_scripts_but_those_of_this_server(http: httpx.AsyncClient) -> None:
    policy = (await http.get("/")).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, br", "gzip"), ("identity", None), ("gzip;q=1", "gzip"), ("gzip;q=0", None)],
)
async def test_a_file_is_sent_in_a_coding_that_the_browser_reads(
    http: httpx.AsyncClient, accepted: str, coding: str | None
) -> None:
    answer = await http.get("/assets/index-abc.js", headers={"accept-encoding": accepted})

    assert (answer.content, answer.headers.get("content-encoding")) == (SCRIPT, coding)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/no-such", "/api", "/health", "/metrics"),
        *("/assets/old-abc.js", "/.built", "/assets/../../../etc/passwd.txt", "/x.gz"),
    ],
)
async def test_what_is_no_page_and_no_file_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_page_is_only_read(http: httpx.AsyncClient) -> None:
    assert (await http.post("/adbots")).status_code == 404
    assert (await http.head("/adbots")).status_code == 200


async def test_without_a_build_there_is_the_api_alone(tmp_path: Path) -> None:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(make_app(tmp_path)), base_url="http://gateway")

    assert (await http.get("/")).status_code == 404
    assert (await http.get("/docs")).status_code == 200
