"""The server side of SMTP, with faults at every stage."""

import asyncio
import ssl
import warnings
from typing import NoReturn

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.mail.faults import Faults, Strike
from sandbox.mail.mailbox import Mailbox
from sandbox.mail.settings import SandboxSettings


class Connection(SMTP):
    """The connection of one client."""

    def __init__(
        self, settings: SandboxSettings, mailbox: Mailbox, faults: Faults, context: ssl.SSLContext | None
    ) -> None:
        self._faults = faults
        starttls = settings.encryption == "starttls"
        with warnings.catch_warnings():
            # with TLS from the first byte on, STARTTLS is not what makes signing in safe
            warnings.simplefilter("ignore", UserWarning)
            super().__init__(
                _Hooks(mailbox, faults, encrypted=settings.encryption == "tls"),
                data_size_limit=settings.size_limit,
                hostname="localhost",  # else the machine's name is looked up in DNS
                ident="mail sandbox",
                tls_context=context if starttls else None,
                require_starttls=starttls,
                auth_required=bool(settings.user),
                auth_require_tls=starttls,
                authenticator=_Authenticator(settings) if settings.user else None,
                loop=asyncio.get_running_loop(),
            )

    async def _handle_client(self) -> None:
        """Serve, unless a fault applies before the greeting; a lost connection is not logged."""
        try:
            answer = await apply_fault(self, self._faults.strike("connect"))
            if answer is None:
                await super()._handle_client()
            else:
                await self.push(answer)
                if self.transport is not None:
                    self.transport.close()
        except ConnectionError:
            pass

    async def smtp_DATA(self, arg: str) -> None:
        """Receive a mail's content, or close the connection in its middle."""
        recipients = self.envelope.rcpt_tos if self.envelope else []
        if recipients and self._faults.strike("content", recipients) is not None:
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            end(self)
        await super().smtp_DATA(arg)


class _Hooks:
    """The handlers of the stages of SMTP."""

    def __init__(self, mailbox: Mailbox, faults: Faults, *, encrypted: bool) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._encrypted = encrypted

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        if self._faults.refusing:
            end(server)
        answer = await apply_fault(server, self._faults.strike("mail"))
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        answer = await apply_fault(server, self._faults.strike("rcpt", [address]))
        if answer is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        strike = self._faults.strike("data", envelope.rcpt_tos)
        if strike is None or strike.fault.kind in {"slow", "drop"}:
            await self._mailbox.take(
                envelope.original_content or b"",
                envelope.mail_from or "",
                envelope.rcpt_tos,
                encrypted=self._encrypted or session.ssl is not None,
                user=session.auth_data if session.authenticated else None,
            )
        answer = await apply_fault(server, strike)
        return answer or "250 OK: taken"


class _Authenticator:
    """Authenticates the one user."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._user = settings.user
        self._password = settings.password

    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object
    ) -> AuthResult:
        del server, session, envelope, mechanism
        known = isinstance(login, LoginPassword) and login == LoginPassword(
            self._user.encode(), self._password.encode()
        )
        return AuthResult(success=known, handled=False, auth_data=self._user if known else None)


async def apply_fault(server: SMTP, strike: Strike | None) -> str | None:
    """Apply a fault; return its answer, None to continue.

    Raises `ConnectionResetError` once it has closed the connection.
    """
    if strike is None:
        return None
    if strike.fault.kind == "status":
        return f"{strike.fault.code} {strike.fault.text}"
    if strike.fault.kind in {"slow", "hang"}:
        await strike.wait()
    if strike.fault.kind != "slow":
        end(server)
    return None


def end(server: SMTP) -> NoReturn:
    """Abort a connection."""
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
    raise ConnectionResetError
