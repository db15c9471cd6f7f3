"""The mail server, as the gateway needs it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from libs.events.values import EmailAddress


class MailRefused(Exception):
    """The server will never take this mail for this recipient; the message says why, for people."""


class MailNotTaken(Exception):
    """The server did not take the mail this time, or did not say whether it did; trying again may help."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one recipient. Two with the same `message_id` are copies of one."""

    to: EmailAddress
    subject: str
    text: str
    html: str
    message_id: str
    """With its angle brackets."""
    date: datetime

    def __repr__(self) -> str:
        """Return what it is about; what it says may be secret."""
        return f"Letter(to={self.to!r}, subject={self.subject!r}, message_id={self.message_id!r})"


class Mailer(Protocol):
    """Hands mails to a mail server."""

    async def send(self, letter: Letter) -> None:
        """Return once the server has taken the mail upon itself, within a bounded time.

        Raises `MailRefused`, or `MailNotTaken`, after which it may have been taken all the same.
        """
        ...
