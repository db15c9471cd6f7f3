"""Samples the memory of processes, and tells whether it grows."""

import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

WARM_UP_SECONDS = 180.0
"""How old a process is before its memory counts: caches fill."""
SAMPLES = 10
"""A process with fewer samples behind its warm-up was restarted too soon to tell."""
GROWTH, MIB = 0.15, 16.0
"""Memory is flat if its last quarter is at most this part and so many MiB above its first."""


def private_mib(pid: int) -> float | None:
    """Return the MiB of private memory of a process; None if it has ended."""
    with suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("RssAnon:")).split()[1]) / 1024
    return None


@dataclass(frozen=True)
class Growth:
    """The median memory of one process in the first and the last quarter of its samples, in MiB."""

    process: str
    seconds: float
    first: float
    last: float

    @property
    def flat(self) -> bool:
        """It does not grow."""
        return self.last <= self.first * (1 + GROWTH) + MIB

    def __str__(self) -> str:
        return f"{self.process}: {self.first:.0f} → {self.last:.0f} MiB in {self.seconds / 60:.0f} min"


@dataclass
class Memory:
    """The samples of each process, by its name and id: a restarted one begins again."""

    _samples: dict[tuple[str, int], list[tuple[float, float]]] = field(
        default_factory=dict[tuple[str, int], list[tuple[float, float]]]
    )

    def note(self, process: str, pid: int, seconds: float, mib: float) -> None:
        """Note a sample at so many seconds on a clock that all samples share."""
        self._samples.setdefault((process, pid), []).append((seconds, mib))

    def growth(self) -> list[Growth]:
        """Return the growth of the process of each name that ran longest."""
        longest: dict[str, Growth] = {}
        for (process, _), samples in self._samples.items():
            found = _growth(process, samples)
            if found and (process not in longest or found.seconds > longest[process].seconds):
                longest[process] = found
        return [longest[process] for process in sorted(longest)]


def _growth(process: str, samples: Sequence[tuple[float, float]]) -> Growth | None:
    warm = [one for one in samples if one[0] - samples[0][0] >= WARM_UP_SECONDS]
    if len(warm) < SAMPLES:
        return None
    part = max(1, len(warm) // 4)
    first = statistics.median(mib for _, mib in warm[:part])
    last = statistics.median(mib for _, mib in warm[-part:])
    return Growth(process, warm[-1][0] - warm[0][0], first, last)
