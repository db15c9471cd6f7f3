"""A client of the control API, for tests and the demo; the sandbox may run in another process."""

from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import TypeAdapter

from sandbox.mail.messages import Fault, MailView, Message, Stage
from sandbox.plain_http import NO_TLS

T = TypeVar("T")
_SPARE_SECONDS = 10


class ControlError(Exception):
    """The control API refused, or a wait timed out; the message says why."""


class MailControl:
    """Reads a sandbox's mails, and injects faults."""

    def __init__(self, control_url: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=control_url,
            trust_env=False,
            verify=NO_TLS,
            timeout=_SPARE_SECONDS,
            limits=httpx.Limits(keepalive_expiry=2.0),  # below the server's own 5 s
        )

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def mails(
        self, to: str | None = None, *, subject: str | None = None, after: int = 0
    ) -> list[MailView]:
        """Return the received mails, oldest first."""
        return await self._call(list[MailView], "GET", "/mails", params=_wanted(to, subject, after))

    async def wait_for(
        self,
        to: str | None = None,
        *,
        subject: str | None = None,
        after: int = 0,
        count: int = 1,
        timeout_seconds: float = 60,
    ) -> list[MailView]:
        """Return the mails once there are at least this many; raises ControlError after a timeout."""
        wanted = _wanted(to, subject, after)
        wanted |= {"count": str(count), "timeout_seconds": str(timeout_seconds)}
        found = await self._call(
            list[MailView],
            "GET",
            "/mails/wait",
            deadline_seconds=timeout_seconds + _SPARE_SECONDS,
            params=wanted,
        )
        if len(found) < count:
            subjects = [mail.subject for mail in found]
            raise ControlError(
                f"after {timeout_seconds:g} s there are {len(found)} of {count} mails: {subjects}"
            )
        return found

    async def clear(self) -> None:
        """Delete all mails."""
        await self._call(bool, "DELETE", "/mails")

    async def refuse(self, *, count: int | None = None) -> None:
        """Close connections before a greeting, and open ones before their next mail."""
        await self.break_with(Fault(kind="refuse", count=count))

    async def answer(
        self,
        code: int,
        text: str,
        *,
        stage: Stage = "rcpt",
        recipient: str | None = None,
        count: int | None = None,
    ) -> None:
        """Answer a stage with this code."""
        fault = Fault(kind="status", code=code, text=text, stage=stage, recipient=recipient, count=count)
        await self.break_with(fault)

    async def hang(self, *, stage: Stage = "rcpt", seconds: float = 60, count: int | None = None) -> None:
        """Do not answer at a stage."""
        await self.break_with(Fault(kind="hang", stage=stage, seconds=seconds, count=count))

    async def be_slow(
        self, seconds: float, *, stage: Stage = "data", recipient: str | None = None, count: int | None = None
    ) -> None:
        """Delay the answer at a stage; at `data` the mail is stored before the delay."""
        fault = Fault(kind="slow", stage=stage, seconds=seconds, recipient=recipient, count=count)
        await self.break_with(fault)

    async def close_in(self, stage: Stage = "data", *, count: int | None = None) -> None:
        """Close connections at a stage, for `data` in the middle of the mail."""
        await self.break_with(Fault(kind="close", stage=stage, count=count))

    async def drop_answers(self, *, count: int | None = None) -> None:
        """Store mails and close the connection without an answer."""
        await self.break_with(Fault(kind="drop", count=count))

    async def break_with(self, fault: Fault) -> list[Fault]:
        """Add a fault; return all active ones."""
        return await self._call(list[Fault], "POST", "/faults", fault)

    async def faults(self) -> list[Fault]:
        """Return the active faults."""
        return await self._call(list[Fault], "GET", "/faults")

    async def heal(self) -> None:
        """Remove all faults; delayed clients are answered."""
        await self._call(list[Fault], "DELETE", "/faults")

    async def _call(
        self,
        kind: type[T],
        method: str,
        path: str,
        message: Message | None = None,
        *,
        deadline_seconds: float = _SPARE_SECONDS,
        params: dict[str, str] | None = None,
    ) -> T:
        content = None if message is None else message.model_dump_json()
        answer = await self._http.request(
            method,
            path,
            content=content,
            headers={"content-type": "application/json"},
            params=params,
            timeout=deadline_seconds,
        )
        if answer.is_error:
            raise ControlError(f"{method} {path}: {answer.status_code} {answer.text}")
        return TypeAdapter[T](kind).validate_json(answer.content)


def _wanted(to: str | None, subject: str | None, after: int) -> dict[str, str]:
    given = {"to": to, "subject": subject, "after": str(after)}
    return {name: value for name, value in given.items() if value is not None}
