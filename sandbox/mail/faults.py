"""Injected faults of mails."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from sandbox.mail.messages import Fault


@dataclass
class Strike:
    """An active fault, and an event that ends it early."""

    fault: Fault
    over: asyncio.Event

    async def wait(self) -> None:
        """Wait for the fault's seconds, or until all faults are removed."""
        try:
            async with asyncio.timeout(self.fault.seconds):
                await self.over.wait()
        except TimeoutError:
            pass


@dataclass
class _Active:
    fault: Fault
    left: int | None
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Faults:
    """The active faults; of several that match, the oldest applies."""

    def __init__(self) -> None:
        self._active: list[_Active] = []
        self._waiting: set[asyncio.Event] = set()

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        self._active.append(_Active(fault, fault.count))

    def active(self) -> list[Fault]:
        """Return the active faults."""
        return [one.fault for one in self._active]

    @property
    def refusing(self) -> bool:
        """Connections are refused, and open ones accept no more mails."""
        return any(one.fault.kind == "refuse" for one in self._active)

    def clear(self) -> None:
        """Remove all faults; delayed clients are answered."""
        for event in self._waiting:
            event.set()
        self._waiting.clear()
        self._active.clear()

    def strike(self, stage: str, recipients: Collection[str] = ()) -> Strike | None:
        """Return the fault that applies at a stage, and count its use."""
        for one in self._active:
            wanted = one.fault.recipient is None or one.fault.recipient in recipients
            if _stage(one.fault) == stage and wanted:
                if one.left is not None:
                    one.left -= 1
                    self._active = [other for other in self._active if other.left != 0]
                self._waiting.add(one.over)
                return Strike(one.fault, one.over)
        return None


def _stage(fault: Fault) -> str:
    """Return the stage of a fault, or `content`, which is in the middle of `data`."""
    match fault.kind, fault.stage:
        case "refuse", _:
            return "connect"
        case "drop", _:
            return "data"
        case "close", "data":
            return "content"
        case _, stage:
            return stage
