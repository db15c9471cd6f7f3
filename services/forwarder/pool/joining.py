"""Joins groups for an adbot where a seat must be a member: rarely, and never twice."""

from libs.events.values import AdbotId, GroupRef, Method, Party, ResultClass, SessionId
from libs.eventsourcing import Engine, Sql
from services.forwarder.access.tables.memberships import MembershipState, membership_state, was_approved
from services.forwarder.pool.methods import DAY, Methods
from services.forwarder.pool.news import Joined, News, Requested
from services.forwarder.ports import (
    Account,
    AwaitsApproval,
    Chat,
    Meaning,
    MessengerError,
    NotAMember,
    Peer,
    TooManyChats,
)

SCHEMA = """
-- when a session looked last whether an admin has let it into a group; deleted with the seat
create table if not exists pool.join_checks (
    session uuid not null,
    adbot   uuid not null,
    ref     text not null,
    at      timestamptz not null,
    primary key (session, adbot, ref)
);
"""

_CHECK = """
insert into pool.join_checks as c (session, adbot, ref, at) values ($1, $2, $3, clock_timestamp())
on conflict (session, adbot, ref) do update set at = clock_timestamp()
where c.at < clock_timestamp() - make_interval(secs => $4)
returning true
"""


class JoinPending(MessengerError):
    """A seat of the adbot has asked to join the group, this one or another, and no admin has answered."""

    def __init__(self, *, own: bool = True) -> None:
        meaning = Meaning(
            ResultClass.LEFT_OUT, ResultClass.LEFT_OUT, Party.SEAT_AT_TARGET, Party.SEAT_AT_SOURCE
        )
        super().__init__("JOIN_REQUESTED", meaning)
        self.own = own


class ForAnother(MessengerError):
    """The account is a member, but an admin did not let it in for this adbot."""

    def __init__(self) -> None:
        meaning = Meaning(
            ResultClass.TARGET_DENIED, ResultClass.SOURCE_BROKEN, Party.SEAT_AT_TARGET, Party.SEAT_AT_SOURCE
        )
        super().__init__("JOINED_FOR_ANOTHER", meaning)


class Joining:
    """Joins groups with one session for one adbot."""

    def __init__(
        self, engine: Engine, session: SessionId, adbot: AdbotId, account: Account, methods: Methods
    ) -> None:
        self._engine = engine
        self._session = session
        self._adbot = adbot
        self._account = account
        self._methods = methods
        self.news: list[News] = []
        """What is to be recorded for the adbot."""

    async def membership(self, ref: GroupRef) -> MembershipState:
        """Return what this seat and the others have done to get into a group."""
        return await self._engine.query(lambda sql: membership_state(sql, self._adbot, ref, self._session))

    async def look_due(self, ref: GroupRef) -> bool:
        """Return whether to look now if an admin has let the seat in, which counts as having looked."""
        return bool(await self._engine.query(lambda sql: self._check(sql, ref)))

    async def _check(self, sql: Sql, ref: GroupRef) -> object:
        seconds = self._methods.allowances.join_check_seconds
        return await sql.fetchval(_CHECK, self._session, self._adbot, ref, seconds)

    async def join(self, ref: GroupRef, chat: GroupRef | Peer) -> Chat:
        """Join a group, and return it.

        Raises `JoinPending` if an admin has to approve, `NotAMember` if it may not be joined: joining is
        switched off, or the group has removed the account since it joined.
        """
        membership = await self.membership(ref)
        if membership.joined or self._methods.allowances.joins_per_day == 0:
            raise NotAMember
        if membership.asked or membership.other_asked:
            raise JoinPending(own=membership.asked)
        try:
            joined = await self._methods.call(Method.JOIN, lambda: self._account.join(chat))
        except AwaitsApproval:
            self.news.append(Requested(ref))
            await self.look_due(ref)
            raise JoinPending from None
        except TooManyChats as error:
            self._methods.rest(Method.JOIN, DAY, error.name)
            raise
        self.entered(ref, joined, approved=False)
        return joined

    def entered(self, ref: GroupRef, chat: Chat, *, approved: bool) -> None:
        """Note that the seat is a member now."""
        self.news.append(Joined(ref, chat.peer.chat, approved))

    async def require_own(self, ref: GroupRef, chat: Chat) -> None:
        """Raise `ForAnother` if an admin may have let the account into a chat for another adbot."""
        if chat.approval or await self._engine.query(
            lambda sql: was_approved(sql, self._session, chat.peer.chat, ref)
        ):
            raise ForAnother
