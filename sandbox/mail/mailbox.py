"""The received mails."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property

from sandbox.mail.messages import MailView


@dataclass(frozen=True)
class Mail:
    """A mail as received. Parsing takes far longer than receiving, so it is done when the mail is shown."""

    id: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str | None

    @cached_property
    def view(self) -> MailView:
        """The mail as shown by the control API."""
        message = message_from_bytes(self.content, policy=default)
        return MailView(
            id=self.id,
            at=self.at,
            sender=self.sender,
            recipients=self.recipients,
            subject=str(message["Subject"] or ""),
            message_id=str(message["Message-ID"] or ""),
            date=getattr(message["Date"], "datetime", None),
            text=_body(message, "plain"),
            html=_body(message, "html"),
            headers=tuple((name, str(value)) for name, value in message.items()),
            encrypted=self.encrypted,
            user=self.user,
        )


class Mailbox:
    """Stores mails in memory, in the order of arrival."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []
        self._taken = 0
        self._changed = asyncio.Condition()

    async def take(
        self, content: bytes, sender: str, recipients: Sequence[str], *, encrypted: bool, user: str | None
    ) -> None:
        """Store a mail."""
        self._taken += 1
        mail = Mail(
            id=self._taken,
            at=datetime.now(UTC),
            sender=sender,
            recipients=tuple(recipients),
            content=content,
            encrypted=encrypted,
            user=user,
        )
        self._mails.append(mail)
        async with self._changed:
            self._changed.notify_all()

    def all(self, wanted: Callable[[Mail], bool]) -> list[MailView]:
        """Return the matching mails, oldest first."""
        return [mail.view for mail in self._mails if wanted(mail)]

    async def some(
        self, wanted: Callable[[Mail], bool], count: int, timeout_seconds: float
    ) -> list[MailView]:
        """Return the matching mails once there are this many, or those that there are after a timeout."""
        try:
            async with asyncio.timeout(timeout_seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.all(wanted)) >= count)
        except TimeoutError:
            pass
        return self.all(wanted)

    def clear(self) -> None:
        """Delete all mails."""
        self._mails.clear()


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content())
