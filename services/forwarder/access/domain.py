"""The decisions about an adbot's access: what is denied to whom, and until when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from libs.events.forwarder import (
    AccessDenied,
    AccessRegained,
    GroupJoined,
    GroupMoved,
    JoinRequested,
    MembershipsForgotten,
    RegainReason,
)
from libs.events.values import AdbotId, ErrorName, GroupRef, Party, ResultClass, SessionId
from libs.eventsourcing import Decider, ImpossibleEvent, Snapshots
from services.forwarder.access.commands import (
    Ask,
    Command,
    Deliver,
    Deny,
    Enter,
    Follow,
    Join,
    Lasting,
    Leave,
    Lift,
    Read,
    Refusal,
    TakeBack,
)
from services.forwarder.access.memberships import (
    Membership,
    MembershipEvent,
    Move,
    asked,
    entered,
    followed,
    forgotten,
    members_after,
    moves_after,
)

AccessEvent = AccessDenied | AccessRegained | MembershipEvent

REMEMBERED = timedelta(days=60)
"""How long an ended denial still counts as the one before the next."""
CONFIRMING = timedelta(hours=1)
"""How long after its end a seat's denial still confirms that of another seat."""
PASSING_PART = 64
"""A denial that often passes by itself lasts this many times shorter than others."""


@dataclass(frozen=True)
class LastingDenial:
    """A denial; one that has ended counts only for the length of the next."""

    party: Party
    session: SessionId | None
    ref: GroupRef
    result: ResultClass
    error: ErrorName
    until: datetime
    times: int
    at: datetime

    def same_place(self, other: "LastingDenial") -> bool:
        """Return whether both are about the same party."""
        return (self.party, self.session, self.ref) == (other.party, other.session, other.ref)


@dataclass(frozen=True)
class Access:
    """The denials of an adbot's seats and groups: those in force, and those that ended lately.

    Also what its seats joined for it, and the groups that have another name or id than the client wrote.
    """

    adbot: AdbotId
    denials: tuple[LastingDenial, ...] = field(default_factory=tuple[LastingDenial, ...])
    memberships: tuple[Membership, ...] = ()
    moves: tuple[Move, ...] = ()


def decide(command: Command, access: Access | None) -> list[AccessEvent]:
    """Return the events of a command; none, if it changes nothing."""
    state = access or Access(command.adbot) if isinstance(command, Ask | Enter | Follow) else access
    match command:
        case Deny():
            return _deny(command, access)
        case _ if state is None:
            return []
        case Ask():
            return [*asked(command, state.memberships)]
        case Enter():
            return [*entered(command, state.memberships)]
        case Follow():
            return [*followed(command, state.moves)]
        case _:
            return _regain(command, state)


def _regain(command: Read | Deliver | Lift | Join | TakeBack | Leave, access: Access) -> list[AccessEvent]:
    ended: list[AccessEvent]
    match command:
        case Read():
            ended = _read(access, command)
        case Deliver():
            ended = _ended(access, RegainReason.DELIVERED, command.session, command.refs)
        case Join():
            ended = _ended(access, RegainReason.JOINED, command.session, command.refs, command.error)
        case Lift():
            ended = _ended(access, RegainReason.LIFTED, None, (command.ref,))
        case TakeBack():
            ended = _ended(access, RegainReason.ACCOUNT_LIMITED, command.session, (None,), command.error)
        case Leave():
            ended = _ended(access, RegainReason.SEAT_LEFT, command.session, (None,))
            ended += forgotten(command.session, access.adbot, access.memberships)
        case _:
            assert_never(command)
    return ended


def _read(access: Access, command: Read) -> list[AccessEvent]:
    """Only what was about reading ends: a channel may be a group that refuses the seat, too."""
    unread = [
        one
        for one in access.denials
        if one.party is Party.SEAT_AT_SOURCE and one.session == command.session and one.ref in command.refs
    ]
    return [
        AccessRegained(
            adbot=access.adbot, session=one.session, ref=one.ref, error=one.error, why=RegainReason.READ
        )
        for one in unread
    ]


def _deny(command: Deny, access: Access | None) -> list[AccessEvent]:
    state = access or Access(command.adbot)
    events: list[AccessEvent] = []
    for refusal in command.refusals:
        denied = _denied(refusal, state, command)
        if denied is not None:
            events.append(denied)
            state = evolve(state, denied)
    return events


def _denied(refusal: Refusal, access: Access, command: Deny) -> AccessDenied | None:
    """Return the denial of a refusal; None if a denial for the same reason is in force."""
    party = refusal.party
    if party is Party.TARGET and not (refusal.alone or _confirmed(refusal, access.denials, command.at)):
        party = Party.SEAT_AT_TARGET
    session = None if party is Party.TARGET else refusal.session
    wanted = LastingDenial(
        party, session, refusal.ref, refusal.result, refusal.error, command.at, 1, command.at
    )
    last = next((one for one in access.denials if one.same_place(wanted)), None)
    if last is not None and last.until > command.at:
        if (last.result, last.error) == (refusal.result, refusal.error):
            return None
        times = last.times
    else:
        times = 1 if last is None else last.times + 1
    until = refusal.until
    if until is None:
        until = command.at + _length(command.lasting, times, passing=refusal.passing)
    elif last is not None:  # a wait with an end of its own says nothing about the next denial
        if last.until > until:
            return None
        times = max(1, last.times)
    return AccessDenied(
        adbot=command.adbot,
        party=party,
        session=session,
        ref=refusal.ref,
        result=refusal.result,
        error=refusal.error,
        until=until,
        times=times,
        at=command.at,
    )


def _confirmed(refusal: Refusal, denials: Iterable[LastingDenial], at: datetime) -> bool:
    """Return whether another seat found the group gone, too."""
    return any(
        one.party is Party.SEAT_AT_TARGET
        and (one.ref, one.result) == (refusal.ref, refusal.result)
        and one.session != refusal.session
        and one.until >= at - CONFIRMING
        for one in denials
    )


def _length(lasting: Lasting, times: int, *, passing: bool) -> timedelta:
    """Return how long a denial lasts; one that often passes by itself at first not beyond its cycle."""
    if passing and times == 1:
        return timedelta()
    first = lasting.first / PASSING_PART if passing else lasting.first
    doublings = times - 2 if passing else times - 1
    return min(first * int(2 ** min(doublings, 20)), max(lasting.longest, lasting.first))


def _ended(
    access: Access,
    why: RegainReason,
    session: SessionId | None,
    refs: Sequence[GroupRef | None],
    error: ErrorName | None = None,
) -> list[AccessEvent]:
    """Return an event for each reference with denials to end."""
    events: list[AccessRegained] = [
        AccessRegained(adbot=access.adbot, session=session, ref=ref, error=error, why=why)
        for ref in dict.fromkeys(refs)
    ]
    return [*(event for event in events if any(_ends(event, one) for one in access.denials))]


def _ends(event: AccessRegained, denial: LastingDenial) -> bool:
    """Return whether the event ends the denial; `tables.regained` says the same in SQL."""
    if event.why is RegainReason.ACCOUNT_LIMITED and denial.until == denial.at:
        return False
    of_all = denial.session is None and event.ref is not None
    of_seat = of_all or event.session in {None, denial.session}
    return of_seat and event.ref in {None, denial.ref} and event.error in {None, denial.error}


def evolve(access: Access | None, event: AccessEvent) -> Access:
    """Return the adbot's access after an event."""
    if access is None:
        if isinstance(event, AccessRegained | MembershipsForgotten):
            message = f"{type(event).__name__} can't be the first event"
            raise ImpossibleEvent(message)
        access = Access(event.adbot)
    match event:
        case AccessDenied():
            return _with(access, event)
        case AccessRegained():
            return replace(access, denials=tuple(_after(event, access.denials)))
        case JoinRequested() | GroupJoined():
            return replace(access, memberships=members_after(event, access.memberships))
        case MembershipsForgotten():
            moves = () if event.session is None else access.moves
            return replace(access, memberships=members_after(event, access.memberships), moves=moves)
        case GroupMoved():
            return replace(access, moves=moves_after(event, access.moves))
        case _:
            assert_never(event)


def _after(event: AccessRegained, denials: Iterable[LastingDenial]) -> Iterator[LastingDenial]:
    """Yield what remains of denials; `tables.regained` does the same in SQL.

    Those that were due to the account's limit have ended and do not count, but other seats go first.
    """
    for denial in denials:
        if not _ends(event, denial):
            yield denial
        elif event.why is RegainReason.ACCOUNT_LIMITED:
            yield replace(denial, until=denial.at, times=denial.times - 1)


def _with(access: Access, event: AccessDenied) -> Access:
    denial = LastingDenial(
        event.party, event.session, event.ref, event.result, event.error, event.until, event.times, event.at
    )
    others = (
        one for one in access.denials if not one.same_place(denial) and one.until >= event.at - REMEMBERED
    )
    return replace(access, denials=(*others, denial))


ACCESS = Decider("access", decide, evolve, snapshots=Snapshots(Access, version=2))
