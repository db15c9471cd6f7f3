"""The ports to the mail server and the broker."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from libs.events.values import EmailAddress

HEALTH_ANSWER_SECONDS = 3.0
"""How long the answers of services and of the broker about their health are waited for."""


class MailRefused(Exception):
    """The server rejects this mail for this recipient permanently; the message is the reason, for people."""


class MailNotAccepted(Exception):
    """The server did not accept the mail, or did not reply; a retry may succeed."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one recipient. Letters with the same `message_id` are copies."""

    to: EmailAddress
    subject: str
    text: str
    html: str
    message_id: str
    """Includes the angle brackets."""
    date: datetime

    def __repr__(self) -> str:
        """Return the recipient, the subject and the id; the text may contain secrets."""
        return f"Letter(to={self.to!r}, subject={self.subject!r}, message_id={self.message_id!r})"


class Mailer(Protocol):
    """Sends mails through a mail server."""

    async def send(self, letter: Letter) -> None:
        """Send a mail and return once the server has accepted it, within a bounded time.

        Raise `MailRefused`, or `MailNotAccepted`; after the latter the server may have accepted the mail
        nevertheless.
        """
        ...


@dataclass(frozen=True, slots=True)
class BrokerFigures:
    """The broker's figures of the stream of events."""

    version: str
    messages: int
    bytes: int
    consumers: int


AskBroker = Callable[[], Awaitable[BrokerFigures | None]]
"""Asks the broker; None if it does not answer within a short time."""
