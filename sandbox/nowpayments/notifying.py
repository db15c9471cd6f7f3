"""Notifications: written once, sent, retried and stored."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from sandbox.nowpayments.background import Background
from sandbox.nowpayments.messages import Attempt, Notice, NotificationState, Sending, Switches
from sandbox.nowpayments.payments import Payment, as_notified
from sandbox.nowpayments.settings import SandboxSettings
from sandbox.nowpayments.signing import Json, sign, stringify
from sandbox.plain_http import certificates


@dataclass
class Notification:
    """A notification; its bytes never change, unless it is of the current state."""

    number: int
    payment: int
    write: Callable[[], tuple[str, str, str]]
    """Returns the current status, body and signature."""
    status: str
    url: str | None
    body: str
    signature: str
    forged: bool
    state: NotificationState
    copy_of: int | None = None
    attempts: list[Attempt] = field(default_factory=list[Attempt])


class Notifier:
    """Notifies merchants of their payments."""

    def __init__(self, settings: SandboxSettings, background: Background) -> None:
        self._at_first = self.switches = Switches(
            retries=settings.retries,
            retry_seconds=settings.retry_seconds,
            answer_within_seconds=settings.answer_within_seconds,
            redeposits=settings.redeposits,
        )
        self.written: list[Notification] = []
        self._secret = settings.ipn_secret
        self._background = background
        self._client = httpx.AsyncClient(
            trust_env=False,  # the environment's proxies are not for loopback
            verify=certificates(),
            timeout=None,  # noqa: S113 - _post has the limit
            # A connection kept open to a merchant that was restarted would cost an attempt.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def forget(self) -> None:
        """Delete all notifications, and reset the switches."""
        self.switches = self._at_first
        self.written.clear()

    async def close(self) -> None:
        """Send nothing more."""
        await self._client.aclose()

    def write(self, payment: Payment, sending: Sending) -> Notification:
        """Write and sign a notification of the payment's current state, without sending it."""
        notice = sending if isinstance(sending, Notice) else None
        forged = sending.forged or self.switches.forged
        url = (notice and notice.url) or payment.asked.ipn_callback_url

        def write() -> tuple[str, str, str]:
            return self._signed(payment, sending, forged=forged)

        status, body, signature = write()
        notification = Notification(
            number=len(self.written) + 1,
            payment=payment.number,
            write=write,
            status=status,
            url=url,
            body=body,
            signature=signature,
            forged=forged,
            state="withheld" if sending.silent or self.switches.silent or url is None else "trying",
        )
        self.written.append(notification)
        return notification

    def _signed(self, payment: Payment, sending: Sending, *, forged: bool) -> tuple[str, str, str]:
        """Return a payment's status, and the body of its current state with the signature."""
        left_out = {*sending.leave_out, *self.switches.leave_out}
        fields: dict[str, Json] = {
            **as_notified(payment),
            **dict.fromkeys((*sending.null, *self.switches.null)),
            **(sending.change if isinstance(sending, Notice) else {}),
        }
        body = {name: value for name, value in fields.items() if name not in left_out}
        secret = f"{self._secret.strip()}, but wrong" if forged else self._secret
        signature = sign(body, secret, index_arrays=self.switches.index_arrays)
        # the body is sent in the order of its creation; only the signed form is sorted
        return str(fields["payment_status"]), stringify(body), signature

    def copy(self, notification: Notification, *, withheld: bool = False) -> Notification:
        """Prepare the same bytes to be sent again, also those of a withheld notification."""
        again = Notification(
            number=len(self.written) + 1,
            payment=notification.payment,
            write=notification.write,
            status=notification.status,
            url=notification.url,
            body=notification.body,
            signature=notification.signature,
            forged=notification.forged,
            state="withheld" if withheld or notification.url is None else "trying",
            copy_of=notification.copy_of or notification.number,
        )
        self.written.append(again)
        return again

    async def send(self, batch: Sequence[Notification], *, together: bool = False) -> None:
        """Try each once, in this order or concurrently; refused ones are retried later."""
        if together:
            await asyncio.gather(*(self._send(notification) for notification in batch))
            return
        for notification in batch:
            await self._send(notification)

    async def _send(self, notification: Notification) -> None:
        if notification.state == "withheld" or notification.url is None:
            return
        if not await self._attempt(notification, notification.url):
            self._background.spawn(self._try_again(notification, notification.url))

    async def _try_again(self, notification: Notification, url: str) -> None:
        tries = 0
        while tries < self.switches.retries:
            tries += 1
            await asyncio.sleep(self.switches.retry_seconds)
            if await self._attempt(notification, url):
                return
        notification.state = "given_up"

    async def _attempt(self, notification: Notification, url: str) -> bool:
        """Return whether the merchant accepted it: with a 2xx in time."""
        if self.switches.newest:
            notification.status, notification.body, notification.signature = notification.write()
        began, at = time.monotonic(), datetime.now(UTC)
        answered, error = await self._post(notification, url)
        took = time.monotonic() - began
        notification.attempts.append(Attempt(at=at, answered=answered, error=error, took_seconds=took))
        accepted = answered is not None and httpx.codes.is_success(answered)
        if accepted:
            notification.state = "delivered"
        return accepted

    async def _post(self, notification: Notification, url: str) -> tuple[int | None, str | None]:
        headers = {"content-type": "application/json", "x-nowpayments-sig": notification.signature}
        try:
            async with asyncio.timeout(self.switches.answer_within_seconds):
                answer = await self._client.post(url, content=notification.body.encode(), headers=headers)
        except TimeoutError:
            return None, "no answer in time"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, type(error).__name__
        return answer.status_code, None
