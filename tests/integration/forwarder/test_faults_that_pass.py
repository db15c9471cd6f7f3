"""Whatever goes wrong for a while, every group is reached again, and no account sends during its rest."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from libs.events.forwarder import AccessDenied, AccessRegained, SeatRested
from libs.events.values import GroupRef, Pacing, Party, Seat, SessionId
from libs.eventsourcing.model.envelope import Recorded
from sandbox.telegram.models import JournalEntry
from sandbox.telegram.specs import (
    ChatSettings,
    Denied,
    FaultAction,
    FaultMoment,
    FaultSpec,
    GroupSpec,
    MemberStatus,
    TopicSpec,
)
from tests.integration.forwarder.harness import SOURCE, ForwarderHarness
from tests.support.waiting import until

SEND, READ, RESOLVE = "messages.forwardMessages", "channels.getMessages", "contacts.resolveUsername"
ANSWERS = (
    "CHANNEL_PRIVATE",
    "CHANNEL_INVALID",
    "CHAT_ADMIN_REQUIRED",
    "CHAT_WRITE_FORBIDDEN",
    "USER_BANNED_IN_CHANNEL",
    "CHAT_SEND_PLAIN_FORBIDDEN",
    "TOPIC_CLOSED",
    "PEER_ID_INVALID",
    "MESSAGE_ID_INVALID",
    "MSG_ID_INVALID",
    "FLOOD_WAIT_1",
    "SLOWMODE_WAIT_1",
    "PEER_FLOOD",
    "RPC_CALL_FAIL",
    "TIMEOUT",
    "EELS_IN_HOVERCRAFT",
    "CHAT_OF_TOMORROW",
    "ALLOW_PAYMENT_REQUIRED_5",
    "USER_MIGRATE_4",
)
FASTER: dict[str, object] = {
    "denial_seconds": 0.3,
    "account_rest_seconds": 0.5,
    "max_wait_in_cycle_seconds": 5.0,
}


class Trouble:
    """Random faults of a world with seats and groups, all of which pass."""

    def __init__(self, harness: ForwarderHarness, chance: random.Random) -> None:
        self.harness = harness
        self.chance = chance
        self.seats: list[Seat] = []
        self.groups: list[GroupRef] = []

    async def prepare(self) -> None:
        """Create seats and groups; some groups are reached by one seat only, some are topics."""
        self.seats = await self.harness.seats(self.chance.randint(1, 3))
        for _ in range(8):
            members = self.chance.sample(self.seats, self.chance.randint(1, len(self.seats)))
            topics = [TopicSpec(id=7)] if self.chance.random() < 0.3 else []
            (group,) = self.harness.groups(1, members, GroupSpec(topics=topics))
            self.groups.append(f"{group}/7" if topics else group)
        self.undo: list[Callable[[], object]] = []

    def strike(self) -> None:
        """Cause one fault."""
        kinds = (
            *(self._answer,) * 4,
            *(self._limit, self._place) * 2,
            self._silence,
            self._rights,
            self._source,
        )
        self.chance.choice(kinds)()

    def pass_by(self) -> None:
        """End all faults."""
        self.harness.telegram.clear_faults()
        for undo in self.undo:
            undo()
        self.undo.clear()

    def _answer(self) -> None:
        chat = self.harness.chat_id(self.chance.choice(self.groups)) if self.chance.random() < 0.5 else None
        spec = FaultSpec(
            method=self.chance.choice((SEND, SEND, SEND, READ, RESOLVE)),
            account=self._account() if self.chance.random() < 0.5 else None,
            chat=chat,
            name=self.chance.choice(ANSWERS),
            times=self.chance.randint(1, 4),
        )
        self.harness.telegram.inject_fault(spec)

    def _limit(self) -> None:
        name, times = self.chance.choice(
            (("FLOOD_WAIT_1", 2), ("PEER_FLOOD", 1), ("USER_BANNED_IN_CHANNEL", 3))
        )
        self.harness.telegram.inject_fault(
            FaultSpec(method=SEND, account=self._account(), name=name, times=times)
        )

    def _silence(self) -> None:
        spec = FaultSpec(
            method=SEND,
            account=self._account(),
            action=self.chance.choice((FaultAction.UNREADABLE, FaultAction.DROP_CONNECTION)),
            moment=self.chance.choice(list(FaultMoment)),
            times=1,
        )
        self.harness.telegram.inject_fault(spec)

    def _place(self) -> None:
        """Take a member's rights in a group, or its place there."""
        chat = self.harness.chat(self.chance.choice(self.groups))
        account = self.chance.choice(list(chat.members))
        telegram = self.harness.telegram
        telegram.set_member(
            chat.id, account, self.chance.choice((MemberStatus.BANNED, MemberStatus.RESTRICTED))
        )
        self.undo.append(lambda: telegram.set_member(chat.id, account))

    def _rights(self) -> None:
        chat = self.harness.chat(self.chance.choice(self.groups))
        telegram = self.harness.telegram
        if chat.topics:
            telegram.change_chat(chat.id, ChatSettings(topics=[TopicSpec(id=7, closed=True)]))
            self.undo.append(lambda: telegram.change_chat(chat.id, ChatSettings(topics=[TopicSpec(id=7)])))
        else:
            telegram.change_chat(chat.id, ChatSettings(denied=[Denied.SEND_MESSAGES]))
            self.undo.append(lambda: telegram.change_chat(chat.id, ChatSettings(denied=[])))

    def _source(self) -> None:
        source, account = self.harness.chat_id(SOURCE), self._account()
        self.harness.telegram.set_member(source, account, MemberStatus.BANNED)
        self.undo.append(lambda: self.harness.telegram.remove_member(source, account))

    def _account(self) -> int:
        return self.harness.account(self.chance.choice(self.seats))


async def pauses_are_over(harness: ForwarderHarness) -> bool:
    """Return whether all denials and rests have ended."""
    return not await harness.engine.query(
        lambda sql: sql.fetchval(
            "select exists (select from denials where until > clock_timestamp()) "
            "or exists (select from clients where rests_until > clock_timestamp())"
        )
    )


def sends(harness: ForwarderHarness, session: SessionId) -> list[JournalEntry]:
    return [one for one in harness.sent() if one.account == harness.accounts[session]]


async def check_rests(harness: ForwarderHarness, seats: list[Seat]) -> None:
    """Assert that no seat sent anything during a rest, and nothing to a group that was denied to it."""
    for seat in seats:
        for recorded in await harness.history(f"client-{seat.session}"):
            rested = recorded.event
            if isinstance(rested, SeatRested):
                within = [
                    one
                    for one in sends(harness, seat.session)
                    if recorded.envelope.at < one.at < rested.until - timedelta(milliseconds=20)
                ]
                assert not within, rested
    check_denials(harness, await harness.history(f"access-{harness.adbot}"))


def check_denials(harness: ForwarderHarness, history: list[Recorded]) -> None:
    for number, recorded in enumerate(history):
        denied = recorded.event
        if not isinstance(denied, AccessDenied) or denied.party is not Party.SEAT_AT_TARGET:
            continue
        assert denied.session is not None
        end = denied.until
        for later in history[number + 1 :]:
            event = later.event
            if isinstance(event, AccessRegained) and event.session in {None, denied.session}:
                end = min(end, later.envelope.at)
        chat = harness.chat_id(denied.ref)
        begun = recorded.envelope.at
        within = [
            one
            for one in sends(harness, denied.session)
            if one.chat == chat and begun < one.at < end - timedelta(milliseconds=20)
        ]
        assert not within, denied


@pytest.mark.parametrize("seed", [0, 3, 5, 7, 20, 24, 33, 48])
async def test_every_group_is_reached_again_within_two_cycles_after_the_faults_have_passed(
    harness: ForwarderHarness, seed: int
) -> None:
    trouble = Trouble(harness, random.Random(seed))
    await trouble.prepare()
    async with harness.working(1, **FASTER):
        for _ in range(trouble.chance.randint(1, 2)):
            for _ in range(trouble.chance.randint(2, 6)):
                trouble.strike()
            cycle = await harness.begin(trouble.seats, trouble.groups, pacing=Pacing(delay_seconds=0.01))
            for _ in range(trouble.chance.randint(0, 2)):
                trouble.strike()
            await harness.over(cycle)
        trouble.pass_by()
        await until(lambda: pauses_are_over(harness), why="denials and rests to end")
        reached: set[GroupRef] = set()
        for _ in range(2):
            cycle = await harness.begin(trouble.seats, trouble.groups)
            await harness.over(cycle)
            deliveries = await harness.deliveries(cycle)
            reached |= {group for group, one in deliveries.items() if one.result.delivered}
        assert reached == set(trouble.groups), await harness.events_of(AccessDenied)
    await check_rests(harness, trouble.seats)
    assert not harness.telegram.held_twice()
    assert max(harness.copies(trouble.groups)) <= 4
