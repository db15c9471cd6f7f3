"""What the forwarder says and hears: sessions, cycles and deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer, SecretStr, StringConstraints

from libs.events.values import (
    AdbotId,
    CycleId,
    ErrorName,
    GroupRef,
    Pacing,
    PairId,
    Post,
    ResultClass,
    SessionId,
    SessionLoss,
)
from libs.eventsourcing.model.event import Command, Contract, Event

# -- events: stream client-<session>


class SessionImported(Event):
    """A session was read, checked by signing in with it, and its secret put into the vault. Appended once."""

    session: SessionId
    telegram_user: int
    phone: Annotated[str, StringConstraints(max_length=32)]
    """Masked, such as `+49…42`."""
    pair: PairId | None = None


class SeatRested(Event):
    """Telegram asked this session to wait; it sends nothing until then."""

    session: SessionId
    until: datetime
    result: ResultClass
    error: ErrorName


class SessionDied(Event):
    """Telegram no longer takes this session. Appended once per session."""

    session: SessionId
    loss: SessionLoss
    error: ErrorName


# -- events: stream apipair-<pair>


class ApiPairImported(Event):
    """An API pair was put into the vault; its hash stays there. Appended once."""

    pair: PairId
    api_id: int


# -- events: stream cycle-<cycle>


class Share(Contract):
    """The groups that one seat serves in one cycle, in sending order."""

    session: SessionId
    pair: PairId
    groups: tuple[GroupRef, ...]


class Delivery(Contract):
    """What became of one group in one cycle."""

    group: GroupRef
    session: SessionId | None
    """None where no seat tried."""
    result: ResultClass
    error: ErrorName = ""
    messages: tuple[int, ...] = ()
    """Ids in the group; several for an album."""
    at: datetime


class CycleStarted(Event):
    """A due cycle's groups were shared over its seats. Decided once per cycle.

    Every seat that can send is named, also one that has no groups; a group that no seat can write to
    is in nobody's share. Post and pacing are those of the due cycle.
    """

    cycle: CycleId
    adbot: AdbotId
    post: Post
    pacing: Pacing
    shares: tuple[Share, ...]
    started_at: datetime


class ShareMoved(Event):
    """Groups of a running cycle go to other seats, because their own one does not serve them any more."""

    cycle: CycleId
    adbot: AdbotId
    session: SessionId
    """The seat that gives them up."""
    result: ResultClass
    error: ErrorName
    shares: Annotated[tuple[Share, ...], Field(min_length=1)]
    """Who takes them over."""


class DeliveriesRecorded(Event):
    """A few groups of a cycle are done with, for good. Each group of a cycle is named once."""

    cycle: CycleId
    adbot: AdbotId
    deliveries: Annotated[tuple[Delivery, ...], Field(min_length=1, max_length=20)]


class CycleFinished(Event):
    """Every group of the cycle is done with. Appended once per cycle that was not aborted."""

    cycle: CycleId
    adbot: AdbotId
    counts: dict[ResultClass, int]
    started_at: datetime


class AbortReason(StrEnum):
    """Why a cycle ended before its last group."""

    STOPPED = "stopped"
    SOURCE_BROKEN = "source_broken"
    NO_SEATS = "no_seats"


class CycleAborted(Event):
    """The cycle ended before its last group; the rest is not sent. Appended once per cycle."""

    cycle: CycleId
    adbot: AdbotId
    reason: AbortReason
    counts: dict[ResultClass, int]
    started_at: datetime


class SourceBroken(Event):
    """The post is gone or may not be forwarded."""

    cycle: CycleId
    adbot: AdbotId
    error: ErrorName


# -- heard

Secret = Annotated[SecretStr, PlainSerializer(lambda secret: secret.get_secret_value(), when_used="json")]
"""Hidden in logs and reprs; written out only where the command is put on the wire."""


class ImportApiPair(Command):
    """Put an API pair into the vault. Refused: `pair_exists`."""

    pair: PairId
    api_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    api_hash: Annotated[Secret, Field(min_length=32, max_length=32)]


class ImportSession(Command):
    """Read a session, sign in with it once, and put its secret into the vault.

    Refused: `unreadable_session` (says what was found instead), `session_exists`, `account_exists`
    (another session of the same Telegram account is there and alive), `session_dead`, `no_api_pair`,
    `unknown_api_pair`, `telegram_unreachable`.
    """

    session: SessionId
    content: Annotated[Secret, Field(min_length=1, max_length=400_000)]
    """A string session, or a Telethon `.session` file in base64 after `base64:`."""
    pair: PairId | None = None
