"""The schedule of faults, their targets, pauses and durations: drawn from a seed."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adrelay.system import ALL_SERVICES, SERVICES


class Kind(StrEnum):
    """The kinds of faults."""

    KILL = "kill -9 a service"
    KILL_WORKER = "kill -9 a worker"
    KILL_NATS = "kill -9 NATS"
    KILL_POSTGRES = "kill -9 Postgres"
    KILL_BACKEND = "kill -9 a Postgres backend"
    FREEZE = "freeze a service"
    FREEZE_WORKER = "freeze a worker"
    FREEZE_NATS = "freeze NATS"
    CUT = "cut connections"
    REFUSE = "refuse connections"
    STALL = "stall connections"
    WIPE_NATS = "wipe NATS"
    FILL_NATS = "fill the disk of NATS"
    FILL_POSTGRES = "fill the disk of Postgres"
    TELEGRAM_WAIT = "Telegram: flood waits"
    TELEGRAM_DROP = "Telegram: dropped after executing"
    TELEGRAM_ERROR = "Telegram: transient errors"
    TELEGRAM_SILENT = "Telegram: executed, never answered"
    TELEGRAM_CLOSE = "Telegram: all connections closed"
    PROVIDER_DOWN = "provider down"
    PROVIDER_SLOW = "provider slow"
    PROVIDER_LOSES = "provider loses answers"


DISKS: frozenset[Kind] = frozenset({Kind.FILL_NATS, Kind.FILL_POSTGRES})
OF_WORKERS: frozenset[Kind] = frozenset({Kind.KILL_WORKER, Kind.FREEZE_WORKER})
EVERY_KIND = tuple(Kind)
_DECK = [
    *[Kind.KILL] * 5,
    *[Kind.KILL_WORKER] * 3,
    *[Kind.KILL_NATS] * 2,
    *[Kind.KILL_POSTGRES] * 2,
    Kind.KILL_BACKEND,
    *[Kind.FREEZE] * 3,
    *[Kind.FREEZE_WORKER] * 3,
    Kind.FREEZE_NATS,
    *[Kind.CUT] * 3,
    *[Kind.REFUSE] * 3,
    *[Kind.STALL] * 3,
    *[Kind.WIPE_NATS] * 2,
    Kind.FILL_NATS,
    Kind.FILL_POSTGRES,
    Kind.TELEGRAM_WAIT,
    Kind.TELEGRAM_DROP,
    Kind.TELEGRAM_ERROR,
    Kind.TELEGRAM_SILENT,
    Kind.TELEGRAM_CLOSE,
    Kind.PROVIDER_DOWN,
    Kind.PROVIDER_SLOW,
    Kind.PROVIDER_LOSES,
]
_LASTING = frozenset(
    {
        *(Kind.FREEZE, Kind.FREEZE_WORKER, Kind.FREEZE_NATS, Kind.REFUSE, Kind.STALL),
        *(Kind.PROVIDER_DOWN, Kind.PROVIDER_SLOW, Kind.PROVIDER_LOSES),
    }
)
_ROUTES = tuple(f"{service}-{server}" for service in SERVICES for server in ("postgres", "nats"))
_SERVERS = {
    **dict.fromkeys((Kind.KILL_NATS, Kind.WIPE_NATS, Kind.FREEZE_NATS, Kind.FILL_NATS), "nats"),
    **dict.fromkeys((Kind.KILL_POSTGRES, Kind.KILL_BACKEND, Kind.FILL_POSTGRES), "postgres"),
    **dict.fromkeys((Kind.PROVIDER_DOWN, Kind.PROVIDER_SLOW, Kind.PROVIDER_LOSES), "nowpayments"),
    **dict.fromkeys((Kind.TELEGRAM_WAIT, Kind.TELEGRAM_DROP, Kind.TELEGRAM_ERROR), "telegram"),
    **dict.fromkeys((Kind.TELEGRAM_SILENT, Kind.TELEGRAM_CLOSE), "telegram"),
}
_SHORT, _LONG = (0.3, 3.0), (5.0, 9.0)
"""Seconds; a lease is longer than the first and shorter than the second."""


@dataclass(frozen=True)
class Fault:
    """One fault: it begins `after` seconds after the one before, and lasts `seconds`."""

    number: int
    kind: Kind
    target: str
    after: float
    seconds: float

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.number:3} {self.kind}: {self.target}{lasting}"


def draw(seed: int, faults: int, *, workers: int, kinds: Collection[Kind] = EVERY_KIND) -> list[Fault]:
    """Return the schedule of a seed; the kinds are drawn from a shuffled deck.

    Without workers, all services are one process.
    """
    kinds = kinds if workers else [kind for kind in kinds if kind not in OF_WORKERS]
    chance = random.Random(seed)
    drawn: list[Fault] = []
    deck: list[Kind] = []
    while len(drawn) < faults:
        if not deck:
            deck = [kind for kind in _DECK if kind in kinds]
            chance.shuffle(deck)
        kind = deck.pop()
        target, seconds = _aim(kind, chance, workers)
        drawn.append(
            Fault(len(drawn) + 1, kind, target, round(chance.uniform(0.5, 5.0), 2), round(seconds, 1))
        )
    return drawn


def _aim(kind: Kind, chance: random.Random, workers: int) -> tuple[str, float]:
    """Return the target of a fault, and its duration in seconds."""
    target = chance.choice(_targets(kind, workers))
    if kind in DISKS:
        return target, chance.uniform(2, 5)
    return target, chance.uniform(*chance.choice((_SHORT, _LONG))) if kind in _LASTING else 0


def _targets(kind: Kind, workers: int) -> Sequence[str]:
    if kind in {Kind.KILL, Kind.FREEZE}:
        return SERVICES if workers else [ALL_SERVICES]
    if kind in OF_WORKERS:
        return [f"worker-{number}" for number in range(1, workers + 1)]
    if kind in {Kind.CUT, Kind.REFUSE}:
        return (*_ROUTES, "forwarder-telegram")
    if kind is Kind.STALL:  # not Telegram's: a late end looks like a session that is used twice at once
        return _ROUTES
    return (_SERVERS[kind],)
