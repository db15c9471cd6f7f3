"""Test harnesses for payment providers: an adapter, its sandbox, and the sandbox's control."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from pydantic import SecretStr

from libs.events.values import Coin, PaymentId
from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, SandboxSettings
from sandbox.nowpayments.coins import COINS, convert
from services.billing.adapters.breaker import Breaker
from services.billing.adapters.nowpayments import Account, NowPayments
from services.billing.order.payment_state import PaymentState
from services.billing.ports import PaymentProvider

API_KEY = "K3YK3YA-B4C5D6E-F7G8H9J"
IPN_SECRET = "Wn4mK8xQ2vR7tZ1bYc6L"
PLAIN_COIN: Coin = "BTC"
MEMO_COIN: Coin = "XRP"
UNSOLD_COIN: Coin = "DOGE"
TIMEOUT_SECONDS = 5.0
LONG_SECONDS = 20.0
"""Longer than a timeout takes on any machine, shorter than a call would last without one."""
FAILURES = 3
REST_SECONDS = 1.0


@dataclass(frozen=True)
class SentNotification:
    """A notification as sent."""

    body: bytes
    signature: str


class ProviderHarness(Protocol):
    """The controls of a provider's sandbox that the tests need; each provider implements them.

    Faults apply to every call until `heal`, or to `count` calls.
    """

    provider: PaymentProvider
    minimum_usd: Decimal
    """The minimum price of the plain coin, in USD with two decimals."""
    secrets: tuple[str, ...]
    """Texts that no error may contain."""

    async def payments(self) -> int:
        """Return the number of payments."""
        ...

    async def calls(self) -> int:
        """Return the number of answered calls."""
        ...

    async def become(self, payment: PaymentId, state: PaymentState, *, received: bool) -> SentNotification:
        """Set a payment's state, with the full amount or none; return the notification."""
        ...

    async def become_unknown(self, payment: PaymentId) -> str:
        """Set a payment's state to an unknown one; return its name."""
        ...

    async def pay_in_another_coin(self, payment: PaymentId) -> str:
        """Pay in a coin that plans are not sold for; return its code."""
        ...

    async def deposit_again(self, payment: PaymentId) -> SentNotification:
        """Make a further deposit to a payment's address; return its last notification."""
        ...

    async def be_down(
        self, status: int = 503, *, retry_after_seconds: int | None = None, count: int | None = None
    ) -> None:
        """Answer calls with this status."""
        ...

    async def hang(self) -> None:
        """Do not answer calls."""
        ...

    async def be_slow(self, seconds: float) -> None:
        """Delay the answers to calls."""
        ...

    async def answer_garbage(self) -> None:
        """Answer calls with a page that is not JSON."""
        ...

    async def cut_answers(self, *, count: int | None = None) -> None:
        """Execute calls, and close the connection in the middle of the answer."""
        ...

    async def answer_for_another_payment(self) -> None:
        """Execute calls, and answer with another payment."""
        ...

    async def heal(self) -> None:
        """Remove all faults."""
        ...


class NowPaymentsHarness:
    """NOWPayments and its sandbox."""

    minimum_usd = convert(COINS["btc"].minimum, "btc", "usd")
    secrets: tuple[str, ...] = (API_KEY, IPN_SECRET)

    def __init__(self, provider: PaymentProvider, control: NowPaymentsControl) -> None:
        self.provider = provider
        self._control = control

    async def payments(self) -> int:
        return len(await self._control.payments())

    async def calls(self) -> int:
        return len(await self._control.calls())

    async def become(self, payment: PaymentId, state: PaymentState, *, received: bool) -> SentNotification:
        if received:
            await self._control.pay(payment, steps=(state.lower(),), silent=True)
        else:
            await self._control.set_status(payment, state.lower(), silent=True)
        return await self._last(payment)

    async def become_unknown(self, payment: PaymentId) -> str:
        await self._control.set_status(payment, "cancelled", silent=True)
        return "cancelled"

    async def pay_in_another_coin(self, payment: PaymentId) -> str:
        await self._control.pay_in(payment, "usdterc20", silent=True)
        return "usdterc20"

    async def deposit_again(self, payment: PaymentId) -> SentNotification:
        again = await self._control.pay_again(payment, silent=True)
        return await self._last(again.payment_id)

    async def be_down(
        self, status: int = 503, *, retry_after_seconds: int | None = None, count: int | None = None
    ) -> None:
        if count is None:
            await self._control.be_down(status, retry_after_seconds=retry_after_seconds)
        else:
            await self._control.be_down(status, retry_after_seconds=retry_after_seconds, count=count)

    async def hang(self) -> None:
        await self._control.hang()

    async def be_slow(self, seconds: float) -> None:
        await self._control.be_slow(seconds)

    async def answer_garbage(self) -> None:
        await self._control.answer_garbage()

    async def cut_answers(self, *, count: int | None = None) -> None:
        await (self._control.cut_answers() if count is None else self._control.cut_answers(count=count))

    async def answer_for_another_payment(self) -> None:
        await self._control.change_answers({"payment_id": "1", "order_id": "HQADZ-ABC123-ZZZZ"})

    async def heal(self) -> None:
        await self._control.heal()

    async def _last(self, payment: PaymentId) -> SentNotification:
        sent = (await self._control.notifications(payment))[-1]
        return SentNotification(sent.body.encode(), sent.signature)


@asynccontextmanager
async def nowpayments() -> AsyncGenerator[ProviderHarness]:
    """Yield the harness of NOWPayments."""
    settings = SandboxSettings(api_key=API_KEY, ipn_secret=IPN_SECRET)
    async with NowPaymentsSandbox(settings) as sandbox, NowPaymentsControl(sandbox.url) as control:
        account = Account(
            url=sandbox.url,
            api_key=SecretStr(API_KEY),
            ipn_secrets=[SecretStr(IPN_SECRET)],
            callback_url="http://127.0.0.1:9/ipn",
            coins={PLAIN_COIN: "btc", MEMO_COIN: "xrp", "ETH": "eth"},
        )
        breaker = Breaker(NowPayments.name, failures=FAILURES, open_seconds=REST_SECONDS)
        async with NowPayments(
            account, breaker, timeout_seconds=TIMEOUT_SECONDS, fresh_seconds=0
        ) as provider:
            yield NowPaymentsHarness(provider, control)


HARNESSES = {"nowpayments": nowpayments}
"""All providers, by name."""
