"""The steps of the whole path, through public interfaces only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe

from adrelay.demo.rest import Json, Rest, until
from adrelay.demo.sample import Sample
from adrelay.demo.system import LocalSystem

API_ID = 123456
EMAIL = "client@example.com"
CODE = re.compile(r"USER(-[0-9A-Z]{5}){4}")
API_HASH = "0123456789abcdef" * 2
"""Not a secret: the sandbox accepts any."""


@dataclass
class Purchase:
    """The data that the client has after the checkout."""

    order: str
    address: str
    amount: str
    coin: str
    email: str


@dataclass
class Client:
    """A signed-in client with an adbot."""

    rest: Rest
    adbot: str

    @property
    def path(self) -> str:
        """The adbot's REST path."""
        return f"/adbots/{self.adbot}"

    async def state(self) -> Json:
        """Return the adbot as the client sees it."""
        found: Json = await self.rest.get(self.path)
        return found

    async def log(self) -> list[Json]:
        """Return the outcome of every group in every cycle, oldest first."""
        answer = await self.rest.get(f"{self.path}/logs", limit=1000)
        return list(reversed(answer["items"]))


async def stock_sessions(system: LocalSystem, accounts: Sequence[int], *, api_id: int = API_ID) -> None:
    """Upload a Telegram application and a session of every account, the last one as a file."""
    async with Rest(system.url, system.admin_token) as operator:
        await operator.post("/admin/telegram-applications", {"api_id": api_id, "api_hash": API_HASH})
        for account in accounts[:-1]:
            await operator.post("/admin/sessions", {"session": await system.telegram.mint_session(account)})
        file = await system.telegram.session_file(accounts[-1])
        await operator.upload("/admin/sessions", file, "stock.session")
        await until(
            lambda: operator.get("/admin/stock"),
            lambda stock: stock["counts"].get("UNUSED", 0) >= len(accounts),
            within_seconds=20,
        )


def new_token() -> str:
    """Return a token for a checkout, with which it can be repeated."""
    return token_urlsafe()


async def check_out(
    system: LocalSystem,
    *,
    plan: str = "demo",
    coin: str = "BTC",
    email: str = EMAIL,
    token: str | None = None,
) -> Purchase:
    """Order a plan as a new client; with the same token, the same order."""
    body: Json = {"email": email, "plan": plan, "pay_currency": coin, "checkout_token": token or new_token()}
    async with Rest(system.url) as visitor:
        answer = await visitor.post("/checkout", body)
    return Purchase(
        order=answer["order_number"],
        address=answer["pay_address"],
        amount=answer["amount"],
        coin=answer["pay_currency"],
        email=email,
    )


async def pay(system: LocalSystem, purchase: Purchase, *, repeat: int = 1, shuffled: bool = False) -> None:
    """Pay in the sandbox; the provider sends each notification `repeat` times, perhaps out of order."""
    payment = await system.payments.payment_of(purchase.order)
    await system.payments.pay(
        payment.payment_id, repeat=repeat, order="shuffled" if shuffled else "as_happened"
    )


async def access_code(system: LocalSystem, purchase: Purchase, *, within_seconds: float = 30) -> str:
    """Return the access code of a new account from the mail about its received payment."""
    found = await until(
        lambda: system.mails.mails(purchase.email),
        lambda mails: any(CODE.search(mail.text) for mail in mails),
        within_seconds=within_seconds,
    )
    return next(code[0] for mail in found if (code := CODE.search(mail.text)))


async def sign_in(system: LocalSystem, purchase: Purchase) -> Client:
    """Sign in with the access code and wait for the paid adbot."""
    code = await access_code(system, purchase)
    async with Rest(system.url) as visitor:
        answer = await visitor.post("/auth/sign-in", {"access_code": code})
    rest = Rest(system.url, answer["token"])
    adbots = await until(
        lambda: rest.get("/adbots"),
        lambda found: bool(found["items"]),
        within_seconds=30,
    )
    return Client(rest, adbots["items"][0]["id"])


async def advertise(client: Client, sample: Sample) -> None:
    """Set the post and the groups, one of them named twice."""
    groups = [*sample.groups, next(iter(sample.groups)).upper().replace("@", "https://t.me/")]
    await client.rest.put(f"{client.path}/advertisement", {"post": sample.post, "groups": groups})


async def start(client: Client) -> None:
    """Start the adbot."""
    await client.rest.post(f"{client.path}/start")


def cycles_in(log: Sequence[Json]) -> list[str]:
    """Return the cycles in the outcomes, oldest first."""
    return list(dict.fromkeys(str(line["cycle"]) for line in log))


async def stop(client: Client) -> None:
    """Stop the adbot."""
    await client.rest.post(f"{client.path}/stop")
