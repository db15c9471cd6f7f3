"""Distributes groups over seats: evenly, and to no seat that the group is known to refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from libs.events.forwarder import Share
from libs.events.values import ErrorName, GroupRef, Party, ResultClass, Seat, SessionId


@dataclass(frozen=True)
class Denial:
    """The refusal of a seat by a group."""

    result: ResultClass
    error: ErrorName
    party: Party | None = None


Denials = Mapping[GroupRef, Mapping[SessionId, Denial]]


@dataclass(frozen=True)
class Seating:
    """The known facts about seats at the instant of a decision."""

    lost: frozenset[SessionId] = frozenset()
    paused: frozenset[SessionId] = frozenset()
    """The sessions that are paused for longer than a cycle waits."""
    denials: Denials = field(default_factory=dict[GroupRef, Mapping[SessionId, Denial]])
    doubted: Mapping[GroupRef, Mapping[SessionId, datetime]] = field(
        default_factory=dict[GroupRef, Mapping[SessionId, datetime]]
    )
    """The sessions that a group refused at an instant, until a while ago; others go first."""
    unread: Mapping[GroupRef, frozenset[SessionId]] = field(
        default_factory=dict[GroupRef, frozenset[SessionId]]
    )
    """The sessions that could not read a channel lately; they serve its posts only where no other can."""

    members: Mapping[GroupRef, frozenset[SessionId]] = field(
        default_factory=dict[GroupRef, frozenset[SessionId]]
    )
    """The sessions that joined a group for the adbot, or asked to; no other has to join it, too."""

    def ready(self, seats: Sequence[Seat]) -> list[Seat]:
        """Return the seats that can send now or soon."""
        return [seat for seat in seats if seat.session not in self.lost | self.paused]

    def able(self, seats: Sequence[Seat]) -> list[Seat]:
        """Return the seats that can send; paused ones only if there is no other."""
        return self.ready(seats) or [seat for seat in seats if seat.session not in self.lost]

    def last_denial(self, group: GroupRef) -> Denial:
        """Return one of the refusals of a group that refused all seats."""
        return next(reversed(list(self.denials[group].values())))

    def with_refusals(self, refused: Mapping[GroupRef, frozenset[SessionId]], denial: Denial) -> "Seating":
        """Return a copy with more refusals."""
        more: dict[GroupRef, Mapping[SessionId, Denial]] = dict(self.denials)
        for group, sessions in refused.items():
            more[group] = {**dict.fromkeys(sessions, denial), **more.get(group, {})}
        return replace(self, denials=more)


def share_out(
    groups: Sequence[GroupRef],
    seats: Sequence[Seat],
    seating: Seating,
    loads: Mapping[SessionId, int] | None = None,
    *,
    source: GroupRef | None = None,
) -> tuple[tuple[Share, ...], list[GroupRef]]:
    """Return every seat's share, in the groups' order, and the groups that refuse all seats.

    Each group goes to the seat with the fewest groups; groups that accept few seats are assigned first.
    `source` is the channel of the post.
    """
    fit = {group: _fit(group, seats, seating, source) for group in groups}
    load = {seat.session: (loads or {}).get(seat.session, 0) for seat in seats}
    taker: dict[GroupRef, SessionId] = {}
    for group in sorted(groups, key=lambda group: len(fit[group])):
        if fit[group]:
            taker[group] = min(fit[group], key=lambda seat: load[seat.session]).session
            load[taker[group]] += 1
    shares = tuple(
        Share(
            session=seat.session,
            pair=seat.pair,
            groups=tuple(group for group in groups if taker.get(group) == seat.session),
        )
        for seat in seats
    )
    return shares, [group for group in groups if group not in taker]


def _fit(group: GroupRef, seats: Sequence[Seat], seating: Seating, source: GroupRef | None) -> list[Seat]:
    """Return the best of the seats that a group accepts.

    Those that could not read the source come last, and before them those that the group refused once, of
    which only the one that it refused first is taken: so all of them have their turn in the end.
    """
    known: Mapping[SessionId, Denial] = {}
    accepted = [seat for seat in seats if seat.session not in seating.denials.get(group, known)]
    inside = seating.members.get(group.partition("/")[0], frozenset[SessionId]())
    accepted = [seat for seat in accepted if seat.session in inside] or accepted
    unread = frozenset[SessionId]() if source is None else seating.unread.get(source, frozenset())
    able = [seat for seat in accepted if seat.session not in unread] or accepted
    doubted = seating.doubted.get(group, {})
    sure = [seat for seat in able if seat.session not in doubted]
    return sure or sorted(able, key=lambda seat: doubted[seat.session])[:1]
