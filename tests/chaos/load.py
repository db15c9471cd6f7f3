"""The load: what clients and the operator do, with retries, and what the system acknowledged."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal, TypeVar

import httpx

from adrelay.demo import steps
from adrelay.demo.rest import Json, Rest, RestError
from sandbox.nowpayments.client import ControlError
from sandbox.telegram import AccountSpec, AlbumSpec, ChannelSpec, GroupSpec, Media, PostSpec
from tests.chaos.system import PLANS, ChaosSystem

T = TypeVar("T")
Order = Literal["as_happened", "reversed", "shuffled"]

PAUSE_SECONDS = 0.4
MAIL_SECONDS = 300.0
"""A mail may wait until the faults have ended."""
_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_ORDERS: tuple[Order, ...] = ("as_happened", "reversed", "shuffled")
_API_ID = 300_001


@dataclass
class Acknowledged:
    """What the system has acknowledged; none of it may be lost."""

    orders: set[str] = field(default_factory=set[str])
    codes: set[str] = field(default_factory=set[str])
    sessions: set[str] = field(default_factory=set[str])
    commands: dict[str, list[tuple[str, str]]] = field(default_factory=dict[str, list[tuple[str, str]]])
    """By adbot: every accepted command with its argument, in order."""
    refused: list[str] = field(default_factory=list[str])
    """Refusals for which the load gave no cause."""
    tries: Counter[str] = field(default_factory=Counter[str])
    """The number of retries, by action and answer."""


@dataclass
class Advertisement:
    """A client's channel with its post, and the groups of the advertisement."""

    channel: int
    post: str
    parts: tuple[int, ...]
    groups: dict[str, int]


class Load:
    """Clients with adbots, visitors who order and pay, and an operator who uploads stock."""

    def __init__(self, system: ChaosSystem, seed: int, *, clients: int = 5) -> None:
        self.acknowledged = Acknowledged()
        self.advertisements: dict[str, Advertisement] = {}
        """By adbot."""
        self._system = system
        self._chance = random.Random(seed)
        self._clients = clients
        self._accounts: list[int] = []
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """Upload the sessions that the clients' plans need."""
        await self._system.payments.switch(retries=200, retry_seconds=1.0)
        telegram = self._system.telegram
        for number in range(3 * self._clients + 10):
            account = await telegram.create_account(AccountSpec(name=f"Account {number}"))
            self._accounts.append(account.id)
        async with self._operator() as operator:
            body: Json = {"api_id": _API_ID, "api_hash": steps.API_HASH}
            await self._retried(
                "Telegram application", lambda: operator.post("/admin/telegram-applications", body)
            )
        for account_id in self._accounts[:-4]:
            await self._stock(account_id)

    async def start(self) -> None:
        """Start all clients, the visitors and the operator."""
        plans = list(PLANS)
        bodies = [self._client(number, plans[number % len(plans)]) for number in range(self._clients)]
        bodies += [self._visitors(), self._restock()]
        self._tasks = [asyncio.create_task(body) for body in bodies]

    async def finish(self, within_seconds: float) -> None:
        """End the load: each client stops its adbot; raise `TimeoutError` if that takes too long."""
        self._stopping.set()
        async with asyncio.timeout(within_seconds):
            for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    self.acknowledged.refused.append(repr(outcome))

    async def cancel(self) -> None:
        """Cancel the load."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _operator(self) -> Rest:
        return Rest(self._system.url, self._system.admin_token)

    # -- the operator

    async def _restock(self) -> None:
        """Upload the last sessions during faults; the service signs in with each."""
        for account in self._accounts[-4:]:
            await self._wait(self._chance.uniform(5, 20))
            await self._stock(account)

    async def _stock(self, account: int) -> None:
        session = await self._system.telegram.mint_session(account)

        async def upload() -> Json | None:
            with_known: Json = {"session": session}
            try:
                return dict(await operator.post("/admin/sessions", with_known))
            except RestError as error:
                if error.code == "session_exists":  # the answer to an earlier try was lost
                    return None
                raise

        async with self._operator() as operator:
            answer = await self._retried("upload", upload, also={"telegram_unreachable"})
        if answer is not None:
            self.acknowledged.sessions.add(str(answer["session"]))

    # -- clients

    async def _client(self, number: int, plan: str) -> None:
        """Buy a plan, and run its adbot until the load ends."""
        advertisement = await self._create_advertisement(number)
        while (purchase := await self._bought(f"client{number}", plan)) is None:
            await self._wait(PAUSE_SECONDS)
        await self._pay(purchase)
        async with await self._signed_in(purchase) as rest:
            adbot = await self._adbot(rest)
            self.advertisements[adbot] = advertisement
            self.acknowledged.commands[adbot] = []
            while not self._stopping.is_set():
                await self._advertise(rest, adbot, advertisement)
                await self._start(rest, adbot)
                await self._wait(self._chance.uniform(8, 30))
                if self._chance.random() < 0.5:
                    await self._stop(rest, adbot)
                    await self._wait(self._chance.uniform(0, 3))
            await self._stop(rest, adbot)

    async def _bought(self, name: str, plan: str) -> steps.Purchase | None:
        """Check out until an order has an address; return None if the stock is sold."""
        coin = self._chance.choice(("BTC", "ETH", "LTC"))
        email, token = f"{name}@example.com", steps.new_token()

        async def order() -> steps.Purchase | None:
            try:
                return await steps.check_out(self._system, plan=plan, coin=coin, email=email, token=token)
            except RestError as error:
                if error.code == "insufficient_stock":
                    return None
                raise

        purchase = await self._retried("checkout", order, also={"provider_unavailable"})
        if purchase is None:
            self.acknowledged.tries["checkout: insufficient_stock"] += 1
            return None
        self.acknowledged.orders.add(purchase.order)
        return await self._with_address(purchase)

    async def _with_address(self, purchase: steps.Purchase) -> steps.Purchase:
        async with Rest(self._system.url) as visitor:
            while not purchase.address:
                await asyncio.sleep(PAUSE_SECONDS)
                payment: Json = await self._retried(
                    "payment", lambda: visitor.get(f"/payments/{purchase.order}"), also={"unknown_order"}
                )
                purchase.address = payment["pay_address"]
        return purchase

    async def _pay(self, purchase: steps.Purchase) -> None:
        """Pay to the address of the order; notifications are repeated, in any order."""
        payments = await self._system.payments.payments()
        payment = next(one for one in payments if one.pay_address == purchase.address)
        await self._system.payments.pay(
            payment.payment_id,
            repeat=self._chance.randint(1, 4),
            order=self._chance.choice(_ORDERS),
            together=self._chance.random() < 0.3,
            seed=self._chance.randint(0, 1000),
            wait=False,
        )

    async def _signed_in(self, purchase: steps.Purchase) -> Rest:
        code = await steps.access_code(self._system, purchase, within_seconds=MAIL_SECONDS)
        self.acknowledged.codes.add(code)
        async with Rest(self._system.url) as visitor:
            body: Json = {"access_code": code}
            answer = await self._retried("sign in", lambda: visitor.post("/auth/sign-in", body))
        return Rest(self._system.url, answer["token"])

    async def _adbot(self, rest: Rest) -> str:
        while True:
            answer = await self._retried("adbots", lambda: rest.get("/adbots"))
            if answer["items"]:
                return str(answer["items"][0]["id"])
            await asyncio.sleep(PAUSE_SECONDS)

    async def _advertise(self, rest: Rest, adbot: str, advertisement: Advertisement) -> None:
        some = self._chance.sample(
            list(advertisement.groups), self._chance.randint(3, len(advertisement.groups))
        )
        body: Json = {"post": advertisement.post, "groups": some}
        path = f"/adbots/{adbot}/advertisement"
        await self._retried("advertisement", lambda: rest.put(path, body))
        self.acknowledged.commands[adbot].append(("advertisement", " ".join(some)))

    async def _start(self, rest: Rest, adbot: str) -> None:
        """Start the adbot; without seats, only count the try."""

        async def press() -> bool:
            try:
                await rest.post(f"/adbots/{adbot}/start")
            except RestError as error:
                if error.code == "no_seats":
                    return False
                raise
            return True

        if await self._retried("start", press):
            self.acknowledged.commands[adbot].append(("start", ""))
        else:
            self.acknowledged.tries["start: no_seats"] += 1

    async def _stop(self, rest: Rest, adbot: str) -> None:
        await self._retried("stop", lambda: rest.post(f"/adbots/{adbot}/stop"))
        self.acknowledged.commands[adbot].append(("stop", ""))

    async def _visitors(self) -> None:
        """Order at random times; most pay, some in part, some never. Begins after the clients' orders."""
        while len(self.advertisements) < self._clients and not self._stopping.is_set():
            await self._wait(1)
        for number in range(10_000):
            await self._wait(self._chance.uniform(0.3, 2))
            if self._stopping.is_set():
                return
            purchase = await self._bought(f"visitor{number}", self._chance.choice(list(PLANS)))
            if purchase is None:
                continue
            dice = self._chance.random()
            if dice < 0.6:
                await self._pay(purchase)
            elif dice < 0.8:
                payments = await self._system.payments.payments()
                payment = next(one for one in payments if one.pay_address == purchase.address)
                await self._system.payments.pay_part(payment.payment_id, repeat=2, wait=False)

    async def _create_advertisement(self, number: int) -> Advertisement:
        telegram = self._system.telegram
        channel = await telegram.create_channel(ChannelSpec(username=f"chaos_channel_{number}"))
        if number % 3 == 2:
            album = AlbumSpec(album=[PostSpec(text="Two", media=Media.PHOTO), PostSpec(media=Media.PHOTO)])
            parts = [message.id for message in await telegram.post_album(channel.id, album)]
        else:
            parts = [(await telegram.post(channel.id, PostSpec(text=f"Post {number}"))).id]
        groups = {
            f"@chaos_{number}_group_{one}": (
                await telegram.create_group(
                    GroupSpec(username=f"chaos_{number}_group_{one}", members=self._accounts)
                )
            ).id
            for one in range(8)
        }
        return Advertisement(
            channel.id, f"https://t.me/chaos_channel_{number}/{parts[0]}", tuple(parts), groups
        )

    # -- waits and retries

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _retried(
        self, what: str, act: Callable[[], Awaitable[T]], *, also: set[str] | None = None
    ) -> T:
        """Retry after errors of the server, lost answers, and refusals in `also`."""
        while True:
            try:
                return await act()
            except (httpx.TransportError, ControlError) as error:
                self.acknowledged.tries[f"{what}: {type(error).__name__}"] += 1
            except RestError as error:
                mine = error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.status not in _TRY_AGAIN
                if mine and error.code not in (also or ()):
                    self.acknowledged.refused.append(f"{what}: {error}")
                    raise
                self.acknowledged.tries[f"{what}: {error.status} {error.code}"] += 1
            await asyncio.sleep(PAUSE_SECONDS)
