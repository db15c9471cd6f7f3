"""The SMTP adapter of the mail server."""

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from types import TracebackType
from typing import Literal, Self

import aiosmtplib
from pydantic import SecretStr

from services.gateway.mail.addresses import mailbox_of
from services.gateway.mail.message import message_of
from services.gateway.ports import Letter, MailNotAccepted, MailRefused

Security = Literal["starttls", "tls", "plain"]

KEPT_SECONDS = 5.0
"""How many seconds an idle connection stays open; servers close idle connections after minutes."""
MAILS_EACH = 50
"""The maximum of mails per connection; servers end a connection after about a hundred."""
_GOODBYE_SECONDS = 1.0
_PERMANENT = 500
_NOT_NOW = 421
"""The reply with which a server closes the connection, whatever the command was."""
_OF_THE_SENDER = ("5.7.", "530 ", "535 ")
"""The beginnings of replies about the sender: not authenticated, relaying denied. The settings are wrong."""
_TROUBLE = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(eq=False)
class _Connection:
    """An established and authenticated connection."""

    client: aiosmtplib.SMTP
    mails: int = 0
    """How many mails were sent over it."""
    idle_since: float = 0.0

    async def begin(self, sender: str, recipient: str) -> None:
        """Send `MAIL FROM` and `RCPT TO`; if this fails, the server has accepted no mail."""
        try:
            await self.client.mail(sender)
            await self.client.rcpt(recipient)
        except BaseException:
            self.client.close()
            raise

    async def end(self) -> None:
        """Send `QUIT`, within a bounded time, and close the connection."""
        try:
            with suppress(*_TROUBLE):
                await self.client.quit(timeout=_GOODBYE_SECONDS)
        finally:
            self.client.close()


class SmtpMailer:
    """Sends mails over pooled connections.

    Use as `async with`; otherwise idle connections stay open until the server closes them.
    """

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
        self._idle: list[_Connection] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"SmtpMailer({self._host!r}, {self._port}, {self._security!r})"

    async def __aenter__(self) -> Self:
        """Return the mailer; connections are made when needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the idle connections."""
        if self._look is not None:
            self._look.cancel()
        while self._idle:
            self._dismiss(self._idle.pop())
        await asyncio.gather(*self._ending)

    async def send(self, letter: Letter) -> None:
        """See `Mailer.send`."""
        try:
            recipient = mailbox_of(letter.to)
        except ValueError as error:
            raise MailRefused(f"this {error}") from None
        content = message_of(letter, self._sender, recipient)
        try:
            async with asyncio.timeout(self._timeout):
                await self._hand_over(recipient.addr_spec, content)
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as refusal:
            raise _failure(refusal, final=True) from refusal
        except aiosmtplib.SMTPResponseException as refusal:
            raise _failure(refusal, final=False) from refusal
        except _TROUBLE as error:
            raise MailNotAccepted(f"{type(error).__name__}: {error}") from error

    async def _hand_over(self, recipient: str, content: bytes) -> None:
        connection = await self._begun(recipient)
        try:
            await connection.client.data(content)
        except BaseException:
            # the server may have accepted the mail, and its next reply could belong to this command
            connection.client.close()
            raise
        self._keep(connection)

    async def _begun(self, recipient: str) -> _Connection:
        """Return a connection after `RCPT TO`; use a new one if the pooled one is broken."""
        sender = self._sender.addr_spec
        connection = self._idle_connection()
        if connection is not None:
            try:
                await connection.begin(sender, recipient)
            except _TROUBLE as error:
                if not _is_of_the_connection(error):
                    raise
            else:
                return connection
        connection = await self._connect()
        await connection.begin(sender, recipient)
        return connection

    async def _connect(self) -> _Connection:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=None if self._security == "plain" else self._trusted,
            username=self._username or None,
            password=self._password.get_secret_value() if self._username and self._password else None,
            local_hostname=self._sender.domain,
            timeout=None,  # there is a timeout for the whole mail
        )
        await client.connect()
        return _Connection(client)

    def _idle_connection(self) -> _Connection | None:
        """Return the most recently used idle connection that is open, else None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.client.is_connected:
                return connection
        return None

    def _keep(self, connection: _Connection) -> None:
        connection.mails += 1
        if connection.mails >= MAILS_EACH:
            self._dismiss(connection)
            return
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        if self._look is None:
            self._look = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._look_through)

    def _look_through(self) -> None:
        """Close connections that were idle for too long; the list is in the order of last use."""
        self._look = None
        now = time.monotonic()
        while self._idle and now - self._idle[0].idle_since >= KEPT_SECONDS:
            self._dismiss(self._idle.pop(0))
        if self._idle:
            wait = self._idle[0].idle_since + KEPT_SECONDS - now
            self._look = asyncio.get_running_loop().call_later(wait, self._look_through)

    def _dismiss(self, connection: _Connection) -> None:
        ending = asyncio.create_task(connection.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


def _is_of_the_connection(error: Exception) -> bool:
    """Return whether the error concerns the pooled connection, so that a new one may succeed."""
    return not isinstance(error, aiosmtplib.SMTPRecipientRefused) or error.code == _NOT_NOW


def _failure(refusal: aiosmtplib.SMTPResponseException, *, final: bool) -> MailRefused | MailNotAccepted:
    """Return the error for a server's reply; `final`: the reply concerns this mail only."""
    reason = " ".join(refusal.message.split())
    # replies may have any encoding, and neither events nor logs can store undecodable bytes
    reason = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in reason)
    answer = f"{refusal.code} {reason}"
    ours = answer.startswith(_OF_THE_SENDER) or answer.partition(" ")[2].startswith(_OF_THE_SENDER)
    if final and refusal.code >= _PERMANENT and not ours:
        return MailRefused(answer)
    return MailNotAccepted(answer)
