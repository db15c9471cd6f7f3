"""The commands of notices of one kind and subject."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from libs.events.gateway import NoticeId, NoticeKind

_KEYS = UUID("a3c1b1f0-6f0b-4d0e-8d8c-2f4d0c9a7e15")


def key_of(kind: NoticeKind, subject: str) -> UUID:
    """Return the key of the stream of all notices of a kind and subject."""
    return uuid5(_KEYS, f"{kind} {subject}")


@dataclass(frozen=True)
class Tell:
    """Tell the operator of something, unless they have been told and it still holds."""

    kind: NoticeKind
    subject: str
    detail: str
    mail: bool
    at: datetime
    count: int = 1


@dataclass(frozen=True)
class Clear:
    """Record that what the operator was told of is over."""


@dataclass(frozen=True)
class Acknowledge:
    """Record that the operator has seen a notice."""

    notice: NoticeId


@dataclass(frozen=True)
class RecordMailed:
    """Record that a notice was in a mail."""

    notice: NoticeId
    mail: UUID


Command = Tell | Clear | Acknowledge | RecordMailed
