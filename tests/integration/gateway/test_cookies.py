"""A browser's refresh token in a cookie: who may use it, and what ends it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie

import httpx
import pytest
import pytest_asyncio

from services.gateway.device import refresh
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.signing_in import code_of, sign_in

SITE = "https://ads.example.org"
SIGN_IN, REFRESH, SIGN_OUT = "/api/v1/auth/sign-in", "/api/v1/auth/refresh", "/api/v1/auth/sign-out"
NAMES = ("__Host-adrelay_refresh", "__Host-adrelay_csrf")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """A replica behind a proxy with TLS; it keeps no cookies."""
    async with harness.gateway(
        site_url=f"{SITE}/app/",
        cors_origins="https://other.example.org",
    ) as http:
        yield http


@asynccontextmanager
async def browser(harness: GatewayHarness) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser on this machine, with a page of the gateway's own origin."""
    origin = str(harness.http.base_url).rstrip("/")
    async with httpx.AsyncClient(
        base_url=origin, headers={"Origin": origin}, timeout=DEADLINE_SECONDS
    ) as http:
        yield http


@dataclass(frozen=True)
class Kept:
    """The cookies that an answer set."""

    values: SimpleCookie
    token: str

    @property
    def csrf(self) -> str:
        """The token that the page sends."""
        return self.values[NAMES[1]].value

    @property
    def headers(self) -> dict[str, str]:
        """What a page of the site sends with its cookies."""
        cookies = "; ".join(f"{name}={self.values[name].value}" for name in NAMES)
        return {"Cookie": cookies, "Origin": SITE, "X-CSRF-Token": self.csrf}


def kept(answer: httpx.Response) -> Kept:
    assert answer.status_code == 200, answer.text
    cookies = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        cookies.load(header)
    return Kept(cookies, answer.json()["token"])


async def signed_in(site: httpx.AsyncClient, client: Client) -> Kept:
    """Sign a client in by a page of the site."""
    body = {"access_code": client.access_code, "cookie": True}
    answer = await site.post(SIGN_IN, json=body, headers={"Origin": SITE})
    site.cookies.clear()
    return kept(answer)


async def problem(site: httpx.AsyncClient, headers: dict[str, str], path: str = REFRESH) -> tuple[int, str]:
    answer = await site.post(path, headers=headers)
    site.cookies.clear()
    return answer.status_code, answer.json()["code"]


async def test_a_page_gets_the_refresh_token_in_a_cookie_that_no_script_reads(
    site: httpx.AsyncClient, client: Client
) -> None:
    answer = await site.post(
        SIGN_IN, json={"access_code": client.access_code, "cookie": True}, headers={"Origin": SITE}
    )
    cookies, body = kept(answer).values, answer.json()
    assert (body["refresh_token"], body["csrf_token"]) == (None, cookies[NAMES[1]].value)
    for name, hidden in zip(NAMES, (True, False), strict=True):
        morsel = cookies[name]
        assert (morsel["path"], morsel["samesite"], morsel["secure"]) == ("/", "Strict", True)
        assert (bool(morsel["httponly"]), morsel["domain"]) == (hidden, "")
        assert 2_590_000 < int(morsel["max-age"]) <= 2_592_000
    assert cookies[NAMES[0]].value not in answer.text
    assert await code_of(site, body["token"]) is None


async def test_a_script_without_a_browser_gets_no_cookie(http: httpx.AsyncClient, client: Client) -> None:
    answer = await http.post(SIGN_IN, json={"access_code": client.access_code})
    assert "set-cookie" not in answer.headers
    assert (answer.json()["refresh_token"][:4], answer.json()["csrf_token"]) == ("adr_", None)


async def test_the_cookie_is_good_for_the_next_tokens_with_origin_and_csrf_token(
    site: httpx.AsyncClient, client: Client
) -> None:
    first = await signed_in(site, client)
    answer = await site.post(REFRESH, headers=first.headers)
    second = kept(answer)
    assert second.values[NAMES[0]].value != first.values[NAMES[0]].value
    assert second.csrf == first.csrf, "tabs share it"
    assert answer.json()["refresh_token"] is None
    assert await code_of(site, second.token) is None


@pytest.mark.parametrize("path", [REFRESH, SIGN_OUT])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Origin": None}, "origin_not_allowed"),
        ({"Origin": "null"}, "origin_not_allowed"),
        ({"Origin": "https://evil.example.com"}, "origin_not_allowed"),
        ({"Origin": "https://other.example.org"}, "origin_not_allowed"),
        ({"Origin": "https://ads.example.org.evil.example.com"}, "origin_not_allowed"),
        ({"Origin": "http://ads.example.org"}, "origin_not_allowed"),
        ({"Origin": "https://ads.example.org:8443"}, "origin_not_allowed"),
        ({"X-CSRF-Token": None}, "wrong_csrf_token"),
        ({"X-CSRF-Token": ""}, "wrong_csrf_token"),
        ({"X-CSRF-Token": "0" * 64}, "wrong_csrf_token"),
    ],
)
async def test_another_site_can_not_use_the_cookie(
    site: httpx.AsyncClient, client: Client, path: str, changed: dict[str, str | None], code: str
) -> None:
    page = await signed_in(site, client)
    sent = {name: value for name, value in (page.headers | changed).items() if value is not None}
    assert await problem(site, sent, path) == (403, code)
    assert await code_of(site, page.token) is None, "the device is still signed in"
    assert (await site.post(REFRESH, headers=page.headers)).status_code == 200, "the token was not used"


async def test_the_csrf_token_of_another_device_is_none(site: httpx.AsyncClient, client: Client) -> None:
    one, other = await signed_in(site, client), await signed_in(site, client)
    assert await problem(site, one.headers | {"X-CSRF-Token": other.csrf}) == (403, "wrong_csrf_token")


async def test_over_https_a_cookie_without_the_prefix_is_none(
    site: httpx.AsyncClient, client: Client
) -> None:
    page = await signed_in(site, client)
    tossed = page.headers | {"Cookie": page.headers["Cookie"].replace("__Host-", "")}
    assert await problem(site, tossed) == (401, "invalid_refresh_token")


async def test_without_cookie_and_token_nothing_is_refreshed_or_signed_out(site: httpx.AsyncClient) -> None:
    for path in (REFRESH, SIGN_OUT):
        assert await problem(site, {"Origin": SITE}, path) == (401, "token_missing")


async def test_another_site_can_not_sign_a_browser_in(site: httpx.AsyncClient, client: Client) -> None:
    body = {"access_code": client.access_code, "cookie": True}
    for headers in ({}, {"Origin": "https://evil.example.com"}):
        answer = await site.post(SIGN_IN, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
        assert "set-cookie" not in answer.headers


async def test_the_cookie_opens_no_other_route(site: httpx.AsyncClient, client: Client) -> None:
    page = await signed_in(site, client)
    for method, path in (("GET", "auth/me"), ("DELETE", "auth/devices"), ("POST", "api-keys")):
        answer = await site.request(method, f"/api/v1/{path}", headers=page.headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


async def test_tabs_that_refresh_at_once_stay_signed_in(
    site: httpx.AsyncClient, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "REPEAT_SECONDS", DEADLINE_SECONDS)
    page = await signed_in(site, client)
    answers = await asyncio.gather(*(site.post(REFRESH, headers=page.headers) for _ in range(4)))
    found = [kept(answer) for answer in answers]
    assert len({one.values[NAMES[0]].value for one in found}) == 1
    assert [await code_of(site, one.token) for one in found] == [None] * 4
    site.cookies.clear()
    assert (await site.post(REFRESH, headers=found[0].headers)).status_code == 200


async def test_a_cookie_that_is_used_again_later_signs_the_device_out(
    site: httpx.AsyncClient, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "REPEAT_SECONDS", -1.0)
    first = await signed_in(site, client)
    second = kept(await site.post(REFRESH, headers=first.headers))
    site.cookies.clear()
    assert await problem(site, first.headers) == (401, "refresh_token_reused")
    assert await problem(site, second.headers) == (401, "invalid_refresh_token")
    assert await code_of(site, second.token) == "signed_out"


async def test_signing_out_by_the_cookie_ends_the_device_and_the_cookies(
    site: httpx.AsyncClient, client: Client
) -> None:
    page, other = await signed_in(site, client), await signed_in(site, client)
    for _ in range(2):  # a page whose device is signed out already must get rid of its cookies too
        answer = await site.post(SIGN_OUT, headers=page.headers)
        assert answer.status_code == 204
        ended = answer.headers.get_list("set-cookie")
        assert [header.partition("=")[0] for header in ended] == list(NAMES)
        assert all("=; Path=/; Max-Age=0; " in header and header.endswith("; Secure") for header in ended)
    assert await code_of(site, page.token) == "signed_out"
    assert await problem(site, page.headers) == (401, "invalid_refresh_token")
    assert await code_of(site, other.token) is None


@pytest.mark.parametrize(("method", "path"), [("POST", SIGN_OUT), ("DELETE", "/api/v1/auth/devices")])
async def test_signing_out_by_the_token_ends_the_cookies_too(
    site: httpx.AsyncClient, client: Client, method: str, path: str
) -> None:
    page = await signed_in(site, client)
    headers = {"Cookie": page.headers["Cookie"], "Authorization": f"Bearer {page.token}"}
    answer = await site.request(method, path, headers=headers)
    assert (answer.status_code, len(answer.headers.get_list("set-cookie"))) == (204, 2)
    assert await problem(site, page.headers) == (401, "invalid_refresh_token")


async def test_signing_out_leaves_the_cookies_of_another_sign_in(
    site: httpx.AsyncClient, client: Client
) -> None:
    before, after = await signed_in(site, client), await signed_in(site, client)
    answer = await site.post(SIGN_OUT, headers=after.headers | {"Authorization": f"Bearer {before.token}"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (204, False)
    assert (await site.post(REFRESH, headers=after.headers)).status_code == 200


async def test_a_token_in_the_body_counts_before_the_cookie(site: httpx.AsyncClient, client: Client) -> None:
    page, script = await signed_in(site, client), await sign_in(site, client)
    answer = await site.post(REFRESH, json={"refresh_token": script["refresh_token"]}, headers=page.headers)
    assert (answer.json()["device"], answer.json()["csrf_token"]) == (script["device"], None)
    assert "set-cookie" not in answer.headers


async def test_on_this_machine_cookies_work_without_https(harness: GatewayHarness, client: Client) -> None:
    async with browser(harness) as http:
        answer = await http.post(SIGN_IN, json={"access_code": client.access_code, "cookie": True})
        assert set(http.cookies) == {"adrelay_refresh", "adrelay_csrf"}
        csrf = {"X-CSRF-Token": str(http.cookies["adrelay_csrf"])}
        assert (await http.post(REFRESH)).json()["code"] == "wrong_csrf_token"
        assert (await http.post(REFRESH, headers=csrf)).json()["device"] == answer.json()["device"]
        assert (await http.post(SIGN_OUT, headers=csrf)).status_code == 204
        assert not http.cookies


@pytest.mark.parametrize("host", ["ads.example.org", "[", "localhost.example.org"])
async def test_elsewhere_cookies_need_https(harness: GatewayHarness, client: Client, host: str) -> None:
    body = {"access_code": client.access_code, "cookie": True}
    answer = await harness.http.post(SIGN_IN, json=body, headers={"Host": host, "Origin": f"http://{host}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


async def test_pages_of_permitted_origins_get_no_credentials(site: httpx.AsyncClient) -> None:
    other = {"Origin": "https://other.example.org"}
    asked = other | {"Access-Control-Request-Method": "POST"}
    answers = [
        await site.options(REFRESH, headers=asked),
        await site.post(REFRESH, headers=other),
        await site.get("/api/v1/catalogue", headers=other),
    ]
    allowed = {answer.headers["access-control-allow-origin"] for answer in answers}
    assert allowed == {"https://other.example.org"}
    assert all("access-control-allow-credentials" not in answer.headers for answer in answers)
    csrf = asked | {"Access-Control-Request-Headers": "X-CSRF-Token"}
    assert (await site.options(REFRESH, headers=csrf)).json()["code"] == "origin_not_allowed"
