"""The control API for tests and people, over HTTP."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Query

from sandbox.mail.faults import Faults
from sandbox.mail.mailbox import Mail, Mailbox
from sandbox.mail.messages import Fault, MailView

To = Annotated[str | None, Query(description="Only mails to this address.")]
Subject = Annotated[str | None, Query(description="Only mails whose subject holds this, in any case.")]
After = Annotated[int, Query(description="Only mails with a higher id.")]


class Control:
    """The routes; they need no key, so they belong on loopback."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self._faults = faults

    def app(self) -> FastAPI:
        """Return the control API as an application."""
        app = FastAPI(title="Mail sandbox: control")
        app.add_api_route("/mails", self.mails)
        app.add_api_route("/mails", self.clear, methods=["DELETE"])
        app.add_api_route("/mails/wait", self.wait)
        app.add_api_route("/faults", self.faults)
        app.add_api_route("/faults", self.add_fault, methods=["POST"])
        app.add_api_route("/faults", self.clear_faults, methods=["DELETE"])
        return app

    async def mails(self, to: To = None, subject: Subject = None, after: After = 0) -> list[MailView]:
        """List the received mails, oldest first."""
        return self._mailbox.all(_wanted(to, subject, after))

    async def wait(
        self,
        to: To = None,
        subject: Subject = None,
        after: After = 0,
        count: Annotated[int, Query(ge=1)] = 1,
        timeout_seconds: Annotated[float, Query(ge=0, le=600)] = 10,
    ) -> list[MailView]:
        """List the mails once there are this many; after a timeout, those that there are."""
        return await self._mailbox.some(_wanted(to, subject, after), count, timeout_seconds)

    async def clear(self) -> bool:
        """Delete all mails."""
        self._mailbox.clear()
        return True

    async def faults(self) -> list[Fault]:
        """List the active faults."""
        return self._faults.active()

    async def add_fault(self, fault: Fault) -> list[Fault]:
        """Add a fault; return all active ones."""
        self._faults.add(fault)
        return self._faults.active()

    async def clear_faults(self) -> list[Fault]:
        """Remove all faults; delayed clients are answered."""
        self._faults.clear()
        return []


def _wanted(to: str | None, subject: str | None, after: int) -> Callable[[Mail], bool]:
    def wanted(mail: Mail) -> bool:
        return (
            mail.id > after
            and (to is None or to in mail.recipients)
            and (subject is None or subject.lower() in mail.view.subject.lower())
        )

    return wanted
