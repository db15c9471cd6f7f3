"""Compares the groups' messages, read from the Telegram sandbox, with Adrelay's records of sends."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adrelay.demo.sample import Sample
from sandbox.telegram import TelegramSandboxControl


@dataclass(frozen=True)
class GroupEvidence:
    """One group: its messages, and those recorded for each cycle."""

    group: str
    held: tuple[int, ...]
    """Ids of the forwarded messages in the group, oldest first."""
    claimed: dict[str, tuple[int, ...]]
    """The recorded message ids by cycle."""
    cycles: tuple[str, ...]
    """The cycles that could reach it."""
    parts: int
    missed: tuple[str, ...] = ()
    """Why it was not reached, for each cycle that did not reach it."""

    @property
    def problem(self) -> str:
        """The differences in this group, empty if there are none."""
        counted = Counter(self.held)
        if any(times > 1 for times in counted.values()):
            return "a message id stands there twice"
        if len(self.held) != len(self.cycles) * self.parts:
            return f"{len(self.held)} messages for {len(self.cycles)} cycles"
        missing = [cycle for cycle in self.cycles if len(self.claimed.get(cycle, ())) != self.parts]
        if missing:
            return f"{len(missing)} cycles have no delivery in the log"
        named = sorted(message for messages in self.claimed.values() for message in messages)
        if named != sorted(self.held):
            return "the log names other messages than the group holds"
        return ""


async def read_back(
    telegram: TelegramSandboxControl,
    sample: Sample,
    log: Sequence[dict[str, Any]],
    cycles: Sequence[str],
    reachable: Mapping[str, int] | None = None,
) -> list[GroupEvidence]:
    """Return every group's messages of the sample's post, with the adbot's record of them.

    `reachable`: for groups that only the first cycles can reach, how many.
    """
    found: list[GroupEvidence] = []
    for group, chat in sample.groups.items():
        held = [message.id for message in await telegram.messages(chat) if message.source is not None]
        claimed = {
            str(line["cycle"]): tuple(line["messages"])
            for line in log
            if line["group"] == group and line["messages"]
        }
        reaching = tuple(cycles[: (reachable or {}).get(group)])
        missed = tuple(
            f"{line['result']} {line['error']}"
            for line in log
            if line["group"] == group and not line["messages"]
        )
        found.append(GroupEvidence(group, tuple(held), claimed, reaching, sample.parts, missed))
    return found
