"""What the operator is told of as long as it holds: decided from figures, without input or output."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from libs.events.categories import SERVICES
from libs.events.gateway import NoticeKind
from libs.events.health import ServiceHealth

BROKER = "broker"
"""The subject if not even the gateway hears itself: then NATS is at fault."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds now, of which the operator is told."""

    kind: NoticeKind
    subject: str
    detail: str

    @property
    def key(self) -> tuple[NoticeKind, str]:
        """What tells it from others."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on the operator is told."""

    low_stock: int
    """Fewer unused sessions than this; 0: never."""
    lost_sessions: int
    """So many sessions lost within an hour; 0: never."""
    seconds: float
    """How long a reader may lag, a relay stand still, or a service be silent."""


def low_stock(unused: int, told: bool, limits: Thresholds) -> list[Condition]:  # noqa: FBT001 - the state of the notice
    """Return that stock is low. Once it was told, it holds until there are half as many more again."""
    enough = limits.low_stock + max(1, limits.low_stock // 2) if told else limits.low_stock
    if not limits.low_stock or unused >= enough:
        return []
    detail = f"{_many(unused, 'unused session')} left, fewer than {limits.low_stock}"
    return [Condition(NoticeKind.LOW_STOCK, "", detail)]


def lost_sessions(lost: int, limits: Thresholds) -> list[Condition]:
    """Return that many sessions were lost within the last hour."""
    if not limits.lost_sessions or lost < limits.lost_sessions:
        return []
    return [Condition(NoticeKind.SESSIONS_LOST, "", f"{_many(lost, 'session')} lost within an hour")]


def of_services(
    answers: Sequence[ServiceHealth], silent_seconds: Mapping[str, float], limits: Thresholds
) -> list[Condition]:
    """Return what is wrong with services. `silent_seconds`: how long those without an answer had none."""
    found = [
        Condition(NoticeKind.SERVICE_SILENT, service, f"{service} has not answered for {_minutes(seconds)}")
        for service, seconds in sorted(silent_seconds.items())
        if seconds > limits.seconds
    ]
    for service in SERVICES:
        mine = [one for one in answers if one.service == service]
        found += _relay(service, mine, limits)
        found += _readers(service, mine, limits)
    return found


def _relay(service: str, answers: Iterable[ServiceHealth], limits: Thresholds) -> list[Condition]:
    worst = max(answers, key=lambda one: one.relay_seconds, default=None)
    if worst is None or worst.relay_seconds <= limits.seconds:
        return []
    detail = f"events of {service} have waited for {_minutes(worst.relay_seconds)}: {worst.relay_error}"
    return [Condition(NoticeKind.RELAY_STALLS, service, detail)]


def _readers(service: str, answers: Iterable[ServiceHealth], limits: Thresholds) -> list[Condition]:
    found: dict[tuple[NoticeKind, str], Condition] = {}
    for reader in (reader for one in answers for reader in one.readers):
        who = f"{service} {reader.name}"
        oldest = reader.oldest_seconds or 0.0
        if oldest > limits.seconds:
            detail = f"the reader {reader.name} of {service} has {_many(reader.waiting, 'event')} before it, "
            lags = Condition(NoticeKind.READER_LAGS, who, f"{detail}the oldest for {_minutes(oldest)}")
            found.setdefault(lags.key, lags)
        if reader.dead_letters:
            detail = f"the reader {reader.name} of {service} has {_many(reader.dead_letters, 'dead letter')}"
            dead = Condition(NoticeKind.DEAD_LETTERS, who, detail)
            found.setdefault(dead.key, dead)
    return list(found.values())


class Silence:
    """Notes since when each service has not answered."""

    def __init__(self, at: float) -> None:
        """Take every service for heard at this monotonic time: it may be starting."""
        self._heard: dict[str, float] = dict.fromkeys((*SERVICES, BROKER), at)

    def note(self, heard: Iterable[str], at: float) -> dict[str, float]:
        """Return for how many seconds each silent service has been so; only NATS, if nobody is heard."""
        services = set(heard)
        if not services:
            return {BROKER: at - self._heard[BROKER]}
        for service in (*services, BROKER):
            self._heard[service] = at
        return {one: at - self._heard[one] for one in SERVICES if one not in services}


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"  # noqa: PLR2004 - two minutes
