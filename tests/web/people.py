"""Those who use the web application in tests: clients and operators who sign in."""

from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.async_api import Page, expect
from pyotp.totp import TOTP

from adrelay.demo.rest import Rest
from adrelay.demo.system import LocalSystem


@dataclass(frozen=True)
class Operator:
    """An admin with a second factor, who has not signed in yet."""

    access_code: str
    second_factor: TOTP


async def new_account(system: LocalSystem, email: str, role: str = "CLIENT") -> str:
    """Open an account, and return its access code."""
    async with Rest(system.url, system.admin_token) as script:
        await script.post("/admin/accounts", {"email": email, "role": role})
        issued = await script.post("/admin/accounts/access-code", {"email": email})
    return str(issued["access_code"])


async def new_operator(system: LocalSystem, email: str) -> Operator:
    """Open an admin's account with a second factor."""
    code = await new_account(system, email, "ADMIN")
    async with Rest(system.url) as visitor:
        token = (await visitor.post("/auth/sign-in", {"access_code": code}))["token"]
    async with Rest(system.url, token) as account:
        secret = TOTP((await account.post("/auth/second-factor"))["secret"])
        await account.post("/auth/second-factor/confirm", {"one_time_code": secret.now()})
    return Operator(code, secret)


async def sign_in(page: Page, access_code: str, to: str = "/adbots") -> None:
    """Sign in as a client, and go on to a page."""
    await page.goto(to)
    await fill_in_code(page, access_code)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await expect(page.get_by_role("button", name="Your account")).to_be_visible()


async def sign_in_operator(page: Page, operator: Operator, to: str = "/operator") -> None:
    """Sign in as an operator for the first time, and go on to a page."""
    await page.goto(to)
    await fill_in_code(page, operator.access_code)
    # the code of now has set the second factor up, and each is good for once
    code = operator.second_factor.at(datetime.now(UTC), counter_offset=1)
    await page.get_by_label("Code of your authenticator app").fill(code)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Your account")).to_be_visible()


async def fill_in_code(page: Page, access_code: str) -> None:
    """Send the form of the sign-in."""
    await page.get_by_label("Access code").fill(access_code)
    await page.get_by_role("button", name="Sign in").click()
