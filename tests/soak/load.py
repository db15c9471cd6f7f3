"""The clients of a long run: each buys a plan, runs its adbot, and starts it again when it stopped itself."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import httpx

from adrelay.demo import steps
from adrelay.demo.rest import Json, Rest, RestError, until
from sandbox.telegram.specs import AccountSpec, ChannelSpec, GroupSpec, PostSpec, WorldSpec
from tests.chaos.load import Advertisement
from tests.chaos.system import ChaosSystem

T = TypeVar("T")
_API_ID = 310_000
_RUNNING, _BY_CLIENT = "RUNNING", "requested"
_SESSIONS_PER_APPLICATION = 7
_RETRY_SECONDS = 0.5
_LOOK_SECONDS = 5.0
_UPLOADS = 4
_FIRST_ACCOUNT, _FIRST_CHANNEL = 700_000_000, 80_000_000
MAIL_SECONDS = 120.0


@dataclass(frozen=True)
class Size:
    """The size of a run: seats and groups are each adbot's. `spare` accounts replace banned ones."""

    adbots: int = 10
    seats: int = 20
    groups: int = 100
    spare: int = 20
    interval_seconds: int = 30

    @property
    def accounts(self) -> int:
        """The number of accounts."""
        return self.adbots * self.seats + self.spare


class Clients:
    """The operator's stock, and a number of clients with an adbot each."""

    def __init__(self, system: ChaosSystem, size: Size, chance: random.Random) -> None:
        self.advertisements: dict[str, Advertisement] = {}
        """By adbot."""
        self.stops: Counter[str] = Counter()
        """The reasons for which adbots stopped themselves."""
        self.accounts = [_FIRST_ACCOUNT + number for number in range(size.accounts)]
        self.channels = [_FIRST_CHANNEL + number for number in range(size.adbots)]
        self._system = system
        self._size = size
        self._chance = chance
        self._rests: dict[str, Rest] = {}
        self._ending = asyncio.Event()

    def groups(self, number: int) -> dict[str, int]:
        """Return the groups of a client's advertisement with their chats."""
        first = _FIRST_CHANNEL + 1_000_000 + number * self._size.groups
        return {f"@soak_{number}_group_{one}": first + one for one in range(self._size.groups)}

    async def prepare(self) -> None:
        """Fill the Telegram sandbox, upload the sessions, and let every client buy and start its adbot."""
        await self._system.telegram.load(self._world())
        await self._stock()
        for number in range(self._size.adbots):
            await self._client(number)

    async def run(self) -> None:
        """Keep the adbots running until `end`; now and then one is stopped and started by its client."""
        while not self._ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _LOOK_SECONDS)
            for adbot, rest in self._rests.items():
                await self._look_after(adbot, rest)

    def end(self) -> None:
        """Stop looking after the adbots."""
        self._ending.set()

    async def stop(self) -> None:
        """Stop every adbot, and sign out."""
        for adbot, rest in self._rests.items():
            await _stop(adbot, rest)
            await rest.close()

    async def _look_after(self, adbot: str, rest: Rest) -> None:
        state: Json = await _retried(lambda: rest.get(f"/adbots/{adbot}"))
        if state["status"] != _RUNNING:
            if state["stop_reason"] != _BY_CLIENT:
                self.stops[str(state["stop_reason"])] += 1
            await _retried_unless(lambda: rest.post(f"/adbots/{adbot}/start"), "no_seats")
        elif self._chance.random() < 1 / 60:
            await _stop(adbot, rest)

    async def _client(self, number: int) -> None:
        purchase = await _retried(
            lambda: steps.check_out(self._system, plan="soak", email=f"soak{number}@example.com")
        )
        await steps.pay(self._system, purchase)
        code = await steps.access_code(self._system, purchase, within_seconds=MAIL_SECONDS)
        async with Rest(self._system.url) as visitor:
            answer = await _retried(lambda: visitor.post("/auth/sign-in", {"access_code": code}))
        rest = Rest(self._system.url, answer["token"])
        adbots: Json = await until(
            lambda: _retried(lambda: rest.get("/adbots")),
            lambda found: bool(found["items"]),
            within_seconds=60,
        )
        adbot = str(adbots["items"][0]["id"])
        groups = self.groups(number)
        post = f"https://t.me/soak_channel_{number}/1"
        self.advertisements[adbot] = Advertisement(self.channels[number], post, (1,), groups)
        body: Json = {"post": post, "groups": list(groups)}
        await _retried(lambda: rest.put(f"/adbots/{adbot}/advertisement", body))
        await _retried(lambda: rest.post(f"/adbots/{adbot}/start"))
        self._rests[adbot] = rest

    async def _stock(self) -> None:
        waiting = list(self.accounts)

        async def upload(operator: Rest) -> None:
            while waiting:
                session = await self._system.telegram.mint_session(waiting.pop())
                await _upload(operator, session)

        async with Rest(self._system.url, self._system.admin_token) as operator:
            for number in range(-(-len(self.accounts) // _SESSIONS_PER_APPLICATION)):
                body: Json = {"api_id": _API_ID + number, "api_hash": steps.API_HASH}
                await operator.post("/admin/telegram-applications", body)
            await asyncio.gather(*(upload(operator) for _ in range(_UPLOADS)))
            await until(
                lambda: _retried(lambda: operator.get("/admin/stock")),
                lambda stock: stock["counts"].get("UNUSED", 0) >= len(self.accounts),
                within_seconds=60,
            )

    def _world(self) -> WorldSpec:
        groups = [pair for number in range(self._size.adbots) for pair in self.groups(number).items()]
        return WorldSpec(
            accounts=[AccountSpec(id=one, name=f"Account {one}") for one in self.accounts],
            channels=[
                ChannelSpec(
                    id=chat, username=f"soak_channel_{number}", posts=[PostSpec(text=f"Post {number}")]
                )
                for number, chat in enumerate(self.channels)
            ],
            groups=[GroupSpec(id=chat, username=name[1:], members=self.accounts) for name, chat in groups],
        )


async def _stop(adbot: str, rest: Rest) -> None:
    await _retried(lambda: rest.post(f"/adbots/{adbot}/stop"))


async def _upload(operator: Rest, session: str) -> None:
    await _retried_unless(lambda: operator.post("/admin/sessions", {"session": session}), "session_exists")


async def _retried(act: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call until the gateway answers it."""
    while True:
        try:
            return await act()
        except httpx.TransportError:
            pass
        except RestError as error:
            if error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.code != "telegram_unreachable":
                raise
        await asyncio.sleep(_RETRY_SECONDS)


async def _retried_unless(act: Callable[[], Awaitable[object]], refused: str) -> None:
    """Repeat a call until the gateway answers it, or refuses it for this reason."""

    async def once() -> None:
        try:
            await act()
        except RestError as error:
            if error.code != refused:
                raise

    await _retried(once)
