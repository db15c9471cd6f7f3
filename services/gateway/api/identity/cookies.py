"""The refresh token of a browser: in a cookie, and good only for this site's own pages."""

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Request, Response
from pydantic import SecretStr

from libs.events.gateway import DeviceId
from libs.eventsourcing.values import utc_now
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.api.requests.cookies import CSRF, REFRESH, cookie_name, set_cookie
from services.gateway.api.requests.problems import forbidden, unauthorized
from services.gateway.device.refresh import SignedInDevice, device_in
from services.gateway.origins import origin_of

CSRF_HEADER = "X-CSRF-Token"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Page:
    """A page of this site whose script calls."""

    secure: bool
    """It was loaded over HTTPS."""


@dataclass(frozen=True)
class Carried:
    """A refresh token that a browser sent in the cookie, for a page of this site."""

    page: Page
    device: DeviceId
    refresh_token: SecretStr


class RefreshCookies:
    """Puts refresh tokens into cookies, and takes them from requests of this site's own pages only.

    A request with the cookie needs an `Origin` of this site, which pages of other sites can't send, and the
    device's CSRF token in a header. The CSRF token is a keyed hash of the device, so nothing is stored and
    it is checked without a query. Scripts read it from a cookie of its own, also after a page was reloaded.
    """

    def __init__(self, keyed: KeyedHash, site_url: str) -> None:
        self._keyed = keyed
        self._site = origin_of(site_url)

    def page_of(self, request: Request) -> Page:
        """Return the page that a request comes from; raise `Denied` unless it is one of this site."""
        own = self._site or f"{request.url.scheme}://{request.headers.get('host', '')}"
        if request.headers.getlist("origin") != [own]:
            raise forbidden("origin_not_allowed", "only pages of this site's own origin may use its cookies")
        secure = own.startswith("https:")
        if not secure and not _is_this_machine(own):
            raise forbidden("origin_not_allowed", "without HTTPS, cookies are for pages of this machine only")
        return Page(secure=secure)

    def is_of_site(self, origin: str) -> bool:
        """Return whether an origin is that of the setting, whatever the request's own is."""
        return bool(self._site) and origin == self._site

    def carried(self, request: Request, csrf_token: str | None) -> Carried:
        """Return the cookie's refresh token; raise `Denied` without one, or if another site may have called.

        The refresh token itself is not checked.
        """
        if not _cookies_of(request):
            raise unauthorized("token_missing", "send a token; sign in to get one")
        page = self.page_of(request)
        token = request.cookies.get(cookie_name(REFRESH, secure=page.secure), "")
        device = device_in(token)
        if device is None:
            raise unauthorized("invalid_refresh_token", "sign in again")
        valid = (_csrf_token(keyed, device).encode() for keyed in self._keyed.each)
        if not any(hmac.compare_digest((csrf_token or "").encode(), one) for one in valid):
            detail = (
                f"send the value of the cookie `{cookie_name(CSRF, secure=page.secure)}` as {CSRF_HEADER}"
            )
            raise forbidden("wrong_csrf_token", detail)
        return Carried(page, device, SecretStr(token))

    def csrf_token(self, device: DeviceId) -> str:
        """Return the CSRF token of a device."""
        return _csrf_token(self._keyed, device)

    def keep(self, response: Response, page: Page, device: SignedInDevice) -> None:
        """Let the browser keep a device's refresh token and its CSRF token."""
        seconds = int((device.expires_at - utc_now()).total_seconds())
        for name, value in ((REFRESH, device.refresh_token), (CSRF, self.csrf_token(device.device))):
            header = set_cookie(name, value, secure=page.secure, seconds=seconds, scripts=name == CSRF)
            response.headers.append("Set-Cookie", header)


def _csrf_token(keyed: KeyedHash, device: DeviceId) -> str:
    return keyed.of("csrf token", str(device)).hex()


def forget_cookies(request: Request, response: Response, device: UUID | None) -> None:
    """Let the browser forget the cookies that it sent, if they are of a device that was signed out.

    Another tab may have signed in meanwhile: its cookies stay.
    """
    cookies = _cookies_of(request)
    tokens = [
        request.cookies[cookie_name(name, secure=secure)] for name, secure in cookies if name == REFRESH
    ]
    if device not in [device_in(token) for token in tokens]:
        return
    for name, secure in cookies:
        response.headers.append("Set-Cookie", set_cookie(name, "", secure=secure, seconds=0))


def _cookies_of(request: Request) -> list[tuple[str, bool]]:
    """Return which of the cookies a request has: the name, and whether it is that of HTTPS."""
    return [
        (name, secure)
        for name in (REFRESH, CSRF)
        for secure in (True, False)
        if cookie_name(name, secure=secure) in request.cookies
    ]


def _is_this_machine(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in _THIS_MACHINE
    except ValueError:  # a host such as `[`
        return False
