"""What the outcomes of a seat's sends say about its access to groups and channels beyond their cycle."""

from collections.abc import Sequence
from datetime import timedelta

from libs.events.forwarder import DeliveriesRecorded, ShareMoved
from libs.events.values import ChannelPost, GroupRef, Party, ResultClass, SessionId
from libs.eventsourcing import UnitOfWork
from services.forwarder.access.commands import Deliver, Deny, Join, Lasting, Refusal, TakeBack
from services.forwarder.access.domain import ACCESS
from services.forwarder.access.tables.denials import denied_at, denied_for
from services.forwarder.cycle.commands import Outcome
from services.forwarder.cycle.state import CycleEvent
from services.forwarder.pool.posting import SendFailed
from services.forwarder.pool.sends import Send
from services.forwarder.ports import NOT_A_MEMBER

LASTING = frozenset({ResultClass.TARGET_DENIED, ResultClass.TARGET_GONE, ResultClass.PAYMENT_REQUIRED})
"""The refusals that apply to other posts too."""
_AT_TARGET = frozenset({Party.TARGET, Party.SEAT_AT_TARGET})


class Facts:
    """Keeps the access of one seat's adbots; each method works in the caller's transaction."""

    def __init__(self, session: SessionId, lasting: Lasting) -> None:
        self._session = session
        self._lasting = lasting

    async def learn(
        self,
        unit: UnitOfWork,
        outcomes: Sequence[tuple[Send, Outcome]],
        events: Sequence[CycleEvent],
        *,
        alone: bool,
    ) -> None:
        """Store what the outcomes of sends of one cycle say, as far as the cycle took them."""
        taken = _taken(events)
        counted = [(send, one) for send, one in outcomes if one.delivery.group in taken]
        delivered: dict[GroupRef, None] = {}
        for send, one in counted:
            if one.delivery.result.delivered:
                delivered[send.group] = None
                if isinstance(send.post, ChannelPost):
                    delivered[send.post.channel] = None
        refusals = [_refusal(one, self._session, alone=alone) for _, one in counted if _lasts(one)]
        if not counted:
            return
        send = counted[-1][0]
        if delivered and await denied_at(unit.flushed, send.adbot, self._session, delivered):
            deliver = Deliver(self._session, tuple(delivered))
            await unit.execute(ACCESS, send.adbot, deliver, because=send.cause)
        if refusals:
            await self._deny(unit, send, *refusals)

    async def unread(self, unit: UnitOfWork, send: Send, failed: SendFailed) -> None:
        """Store that the seat can't read the channel of the post."""
        if isinstance(send.post, ChannelPost):
            refusal = Refusal(
                Party.SEAT_AT_SOURCE,
                self._session,
                send.post.channel,
                failed.result,
                failed.error,
                passing=failed.meaning.passing,
            )
            await self._deny(unit, send, refusal)

    async def slow_mode(self, unit: UnitOfWork, send: Send, failed: SendFailed) -> None:
        """Store until when the seat may not write to the group."""
        until = unit.at + timedelta(seconds=failed.meaning.wait_seconds)
        refusal = Refusal(
            Party.SEAT_AT_TARGET, self._session, send.group, failed.result, failed.error, until=until
        )
        await self._deny(unit, send, refusal)

    async def joined(self, unit: UnitOfWork, send: Send, chats: frozenset[GroupRef]) -> None:
        """End the denials of groups that the account is a member of now."""
        denied = await denied_for(unit.flushed, send.adbot, self._session, NOT_A_MEMBER)
        refs = tuple(ref for ref in denied if ref.partition("/")[0] in chats)
        if refs:
            join = Join(self._session, refs, NOT_A_MEMBER)
            await unit.execute(ACCESS, send.adbot, join, because=send.cause)

    async def take_back(self, unit: UnitOfWork, send: Send, error: str) -> None:
        """End the denials with an error that turned out to be about the account."""
        await unit.execute(ACCESS, send.adbot, TakeBack(self._session, error), because=send.cause)

    async def _deny(self, unit: UnitOfWork, send: Send, *refusals: Refusal) -> None:
        deny = Deny(send.adbot, refusals, self._lasting, unit.at)
        await unit.execute(ACCESS, send.adbot, deny, because=send.cause)


def _taken(events: Sequence[CycleEvent]) -> set[GroupRef]:
    """Return the groups whose outcomes were recorded, or which were reassigned for them."""
    taken: set[GroupRef] = set()
    for event in events:
        if isinstance(event, DeliveriesRecorded):
            taken |= {delivery.group for delivery in event.deliveries}
        elif isinstance(event, ShareMoved):
            taken |= {group for share in event.shares for group in share.groups}
    return taken


def _lasts(outcome: Outcome) -> bool:
    delivery = outcome.delivery
    return delivery.result in LASTING and delivery.party in {None, *_AT_TARGET}


def _refusal(outcome: Outcome, session: SessionId, *, alone: bool) -> Refusal:
    delivery = outcome.delivery
    return Refusal(
        delivery.party or Party.SEAT_AT_TARGET,
        session,
        delivery.group,
        delivery.result,
        delivery.error,
        passing=outcome.passing,
        alone=alone,
    )
