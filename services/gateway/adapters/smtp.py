"""A mail server, spoken to over SMTP."""

import asyncio
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from services.gateway.mail.addresses import mailbox_of
from services.gateway.ports import Letter, MailNotTaken, MailRefused

Security = Literal["starttls", "tls", "plain"]

_GOODBYE_SECONDS = 1.0
_PERMANENT = 500
_OF_THE_SENDER = ("5.7.", "530 ", "535 ")
"""How refusals begin that are about us: not signed in, not allowed to relay. Setting us right helps."""


class SmtpMailer:
    """Sends each mail through a connection of its own."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Security,
        sender: Address,
        username: str = "",
        password: SecretStr | None = None,
        trusted: ssl.SSLContext | None = None,
        timeout_seconds: float = 30.0,
    ) -> None:
        self._host, self._port = host, port
        self._security = security
        self._sender = sender
        self._username, self._password = username, password
        self._trusted = trusted
        self._timeout = timeout_seconds

    def __repr__(self) -> str:
        return f"SmtpMailer({self._host!r}, {self._port}, {self._security!r})"

    async def send(self, letter: Letter) -> None:
        """See `Mailer.send`."""
        try:
            recipient = mailbox_of(letter.to)
        except ValueError as error:
            raise MailRefused(f"this {error}") from None
        message = self._message(letter, recipient)
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=None if self._security == "plain" else self._trusted,
            username=self._username or None,
            password=self._password.get_secret_value() if self._username and self._password else None,
            local_hostname=self._sender.domain,
            timeout=self._timeout,
        )
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await client.send_message(
                    message, sender=self._sender.addr_spec, recipients=[recipient.addr_spec]
                )
            # it is taken: what goes wrong from here on must not look like a failure
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await client.quit()
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            raise _failure(refusal.recipients[0], final=True) from refusal
        except aiosmtplib.SMTPDataError as refusal:
            raise _failure(refusal, final=True) from refusal
        except aiosmtplib.SMTPResponseException as refusal:
            raise _failure(refusal, final=False) from refusal
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailNotTaken(f"{type(error).__name__}: {error}") from error
        finally:
            client.close()

    def _message(self, letter: Letter, recipient: Address) -> EmailMessage:
        message = EmailMessage(policy=SMTP_POLICY)
        message["To"] = recipient
        message["From"] = self._sender
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.date)
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message


def _failure(refusal: aiosmtplib.SMTPResponseException, *, final: bool) -> MailRefused | MailNotTaken:
    """Return what a server's answer means; `final` says that it is about this very mail."""
    said = " ".join(refusal.message.split())
    # servers answer in any encoding, and half a letter fits neither an event nor a log
    said = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in said)
    answer = f"{refusal.code} {said}"
    ours = answer.startswith(_OF_THE_SENDER) or answer.partition(" ")[2].startswith(_OF_THE_SENDER)
    if final and refusal.code >= _PERMANENT and not ours:
        return MailRefused(answer)
    return MailNotTaken(answer)
