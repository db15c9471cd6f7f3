"""Injected faults: the calls that they apply to, and their duration."""

import itertools
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sandbox.telegram.errors import UnknownError
from sandbox.telegram.models import FaultView
from sandbox.telegram.specs import FaultSpec, unmarked


@dataclass(slots=True)
class Fault:
    """An active fault; ``ends`` is on the monotonic clock."""

    id: int
    spec: FaultSpec
    times_left: int | None
    ends: float | None
    struck: int = 0
    held: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """What continues with its calls when it is removed."""

    def over(self, now: float) -> bool:
        """Return whether it has ended."""
        return self.times_left == 0 or (self.ends is not None and now >= self.ends)

    def meets(self, account: int | None, method: str, chats: Collection[int]) -> bool:
        """Return whether it applies to a call."""
        spec = self.spec
        return (
            spec.account in (None, account)
            and (spec.method is None or spec.method.lower() == method.lower())
            and (spec.chat is None or unmarked(spec.chat) in chats)
        )


class Faults:
    """All active faults, oldest first."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._numbers = itertools.count(1)

    def add(self, spec: FaultSpec) -> Fault:
        """Add a fault and return it."""
        ends = None if spec.for_seconds is None else time.monotonic() + spec.for_seconds
        fault = Fault(next(self._numbers), spec, spec.times, ends)
        self._faults[fault.id] = fault
        return fault

    def remove(self, number: int) -> None:
        """Remove a fault, and continue with the calls that it holds."""
        fault = self._faults.pop(number, None)
        if fault is None:
            raise UnknownError(f"there is no fault {number}")
        _release(fault)

    def clear(self) -> None:
        """Remove all faults, and continue with the calls that they hold."""
        removed, self._faults = self._faults, {}
        for fault in removed.values():
            _release(fault)

    def strike(self, account: int | None, method: str, chats: Collection[int]) -> Fault | None:
        """Return the fault that applies to this call, and count its use; ``None`` if there is none."""
        now = time.monotonic()
        for fault in self._faults.values():
            if not fault.over(now) and fault.meets(account, method, chats):
                fault.struck += 1
                if fault.times_left is not None:
                    fault.times_left -= 1
                return fault
        return None

    def views(self) -> list[FaultView]:
        """Return all faults that were not removed; ended ones with the number of their uses."""
        now = time.monotonic()
        return [
            FaultView(
                id=fault.id,
                spec=fault.spec,
                struck=fault.struck,
                times_left=fault.times_left,
                seconds_left=None if fault.ends is None else max(0.0, fault.ends - now),
            )
            for fault in self._faults.values()
        ]


def _release(fault: Fault) -> None:
    for go_on in fault.held:
        go_on()
