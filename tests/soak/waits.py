"""Checks the Telegram sandbox's journal for sends of accounts that had been told to wait."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.telegram.models import JournalEntry

SENDS = frozenset({"messages.forwardMessages", "messages.sendMessage"})
LIMITED = "PEER_FLOOD"
TOLERANCE_SECONDS = 0.05
"""The sandbox notes a call when it has answered it, a moment after it came."""
_WAIT = re.compile(r"(?:FLOOD|FLOOD_PREMIUM|SLOWMODE)_WAIT_(\d+)")

Resting = tuple[int | None, int | None]
"""An account, and the one chat that it may not write to; None for all."""


@dataclass(frozen=True)
class _Wait:
    begins: float
    ends: float
    connection: int
    name: str


@dataclass
class Waits:
    """The waits that Telegram has asked for, and the sends that came before their end.

    `unrecorded` tells whether a process died in the seconds in which an answer had to be stored: then nobody
    can know it any more, and the next answer repeats it.
    """

    limited_seconds: float
    """How long an account rests after `PEER_FLOOD`, as configured."""
    unrecorded: Callable[[float], bool]
    asked: Counter[str] = field(default_factory=Counter[str])
    """The waits by the name without the number."""
    forgotten: int = 0
    """Sends within a wait whose answer died with a process."""
    broken: list[str] = field(default_factory=list[str])
    _waits: dict[Resting, _Wait] = field(default_factory=dict[Resting, _Wait])

    def see(self, entry: JournalEntry) -> None:
        """Take the next entry of the journal."""
        if entry.method not in SENDS or entry.account is None:
            return
        for resting in ((entry.account, None), (entry.account, entry.chat)):
            self._check(entry, self._waits.get(resting))
        seconds, of_chat = self._asked_for(entry)
        if seconds:
            self.asked[re.sub(r"_\d+$", "", entry.outcome)] += 1
            now = entry.monotonic
            resting = entry.account, entry.chat if of_chat else None
            self._waits[resting] = _Wait(now, now + seconds, entry.connection, entry.outcome)

    def _check(self, entry: JournalEntry, wait: _Wait | None) -> None:
        if wait is None or entry.monotonic >= wait.ends - TOLERANCE_SECONDS:
            return
        if entry.connection != wait.connection and self.unrecorded(wait.begins):
            self.forgotten += 1
            return
        left = wait.ends - entry.monotonic
        self.broken.append(
            f"account {entry.account} sent to {entry.chat} {left:.2f} s before the end of {wait.name}, "
            f"{entry.monotonic - wait.begins:.2f} s after it, and was answered {entry.outcome}"
        )

    def _asked_for(self, entry: JournalEntry) -> tuple[float, bool]:
        """Return the seconds that an answer asks to wait, 0 for none, and whether in this chat only."""
        if entry.outcome == LIMITED:
            return self.limited_seconds, False
        found = _WAIT.fullmatch(entry.outcome)
        if not found or not entry.answered:
            return 0, False
        return float(found[1]), entry.outcome.startswith("SLOWMODE")
