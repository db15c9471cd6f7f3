"""The pool forwards over any messenger that has the port's form: here a bulletin board in memory."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from libs.events.chat_ids import private_ref
from libs.events.forwarder import SeatRested, SessionDied, SourceBroken
from libs.events.values import (
    ApplicationId,
    ErrorName,
    GroupRef,
    ResultClass,
    Seat,
    SessionId,
    SessionLoss,
    TextPost,
)
from services.forwarder.pool.pool import Pool
from services.forwarder.ports import Chat, Identity, Meaning, MessengerError, Peer, Target
from tests.integration.forwarder.harness import POST, ForwarderHarness

BARRED = Meaning(ResultClass.TARGET_DENIED, ResultClass.TARGET_DENIED)
ERASED = Meaning(ResultClass.SESSION_LOST, ResultClass.SESSION_LOST, loss=SessionLoss.BANNED)
TORN = Meaning(ResultClass.UNKNOWN, ResultClass.SOURCE_BROKEN)


class Board:
    """Boards by name, each with its notices; a notice under a known key is pinned once."""

    ban: ErrorName = "barred from this board"

    def __init__(self) -> None:
        self.notices: defaultdict[int, dict[int, object]] = defaultdict(dict)
        self.errors: dict[GroupRef, MessengerError] = {}
        """What to answer whoever asks for a board."""
        self.erased: SessionId | None = None
        self.open_for: list[ApplicationId | None] = []

    async def open(self, session: SessionId, application: ApplicationId | None) -> "Visitor":
        self.open_for.append(application)
        return Visitor(self, session)


class Visitor:
    """Somebody at the boards; see `ports.Account`."""

    def __init__(self, board: Board, session: SessionId) -> None:
        self.connected = False
        self._board = board
        self._session = session

    async def connect(self) -> None:
        self.connected = True

    async def close(self) -> None:
        self.connected = False

    def keep_for(self, seconds: int) -> None:
        assert seconds >= 1

    async def identity(self) -> Identity:
        return Identity(1, "")

    async def resolve(self, ref: GroupRef) -> Chat:
        if self._board.erased == self._session:
            raise MessengerError("erased from the register", ERASED)
        if ref in self._board.errors:
            raise self._board.errors[ref]
        return Chat(Peer(int.from_bytes(ref.encode()[:7]), 0), forum=True)

    async def chats(self) -> dict[GroupRef, Chat]:
        return {private_ref(1234567): Chat(Peer(1234567, 0))}

    async def look(self, peer: Peer) -> Chat | None:
        return Chat(peer)

    async def join(self, chat: GroupRef | Peer) -> Chat:
        assert isinstance(chat, Peer)
        return Chat(chat)

    def take_seen(self) -> tuple[Chat, ...]:
        return ()

    async def fetch(self, source: Peer, message: int) -> tuple[int, ...]:
        del source
        return (message,)

    async def inspect(self, source: Peer, messages: Sequence[int]) -> dict[int, bool]:
        del source
        return dict.fromkeys(messages, True)

    async def forward(
        self,
        source: Peer,
        messages: tuple[int, ...],
        keys: tuple[int, ...],
        target: Target,
        *,
        author: bool = True,
    ) -> tuple[int, ...]:
        assert author
        assert len(messages) == len(keys)
        return self._pin(target, dict.fromkeys(keys, (source.chat, messages)))

    async def write(self, post: TextPost, key: int, target: Target) -> tuple[int, ...]:
        return self._pin(target, {key: post.text})

    async def newest(self, targets: Sequence[Target]) -> Mapping[Target, int]:
        boards = self._board.notices
        return {target: len(boards[target.peer.chat]) for target in targets if boards[target.peer.chat]}

    async def delete(self, chat: Peer, messages: Sequence[int]) -> None:
        del chat, messages
        raise MessengerError("a pin is a pin", BARRED)

    def _pin(self, target: Target, notices: dict[int, object]) -> tuple[int, ...]:
        board = self._board.notices[target.peer.chat]
        board |= notices
        return (len(board),)


@asynccontextmanager
async def working(harness: ForwarderHarness, board: Board) -> AsyncGenerator[None]:
    pool = asyncio.create_task(Pool(harness.engine, board, harness.settings).run())
    try:
        yield
    finally:
        pool.cancel()
        await asyncio.gather(pool, return_exceptions=True)


GROUPS = ("@aaaaa", "@bbbbb/7", private_ref(1234567))


async def test_texts_and_posts_come_to_every_group_by_whatever_it_is_named(harness: ForwarderHarness) -> None:
    board = Board()
    (seat,) = await harness.seats(1)
    text = await harness.begin([seat], GROUPS, post=TextPost(text="a notice"))
    async with working(harness, board):
        assert await harness.finished(text) == {ResultClass.SENT: 3}
        assert [list(pinned.values()) for pinned in board.notices.values()] == [["a notice"]] * 3
        post = await harness.begin([seat], GROUPS, post=POST)
        assert await harness.finished(post) == {ResultClass.SENT: 3}
    assert [len(pinned) for pinned in board.notices.values()] == [2] * 3
    assert set(board.open_for) == {harness.pair}


async def test_a_session_that_is_assigned_another_application_connects_with_that_one(
    harness: ForwarderHarness,
) -> None:
    board = Board()
    (seat,) = await harness.seats(1)
    other = seat.model_copy(update={"pair": ApplicationId(uuid4())})
    async with working(harness, board):
        for assigned in (seat, other):
            cycle = await harness.begin([assigned], GROUPS)
            assert await harness.finished(cycle) == {ResultClass.SENT: 3}
    assert board.open_for == [seat.pair, other.pair]


async def test_an_error_means_what_its_adapter_says(harness: ForwarderHarness) -> None:
    board = Board()
    board.errors = {"@aaaaa": MessengerError("no notices here", BARRED)}
    first, second = await harness.seats(2)
    async with working(harness, board):
        cycle = await harness.begin([first], GROUPS)
        assert await harness.finished(cycle) == {ResultClass.SENT: 2, ResultClass.TARGET_DENIED: 1}
        assert (await harness.deliveries(cycle))["@aaaaa"].error == "no notices here"
        board.erased = second.session
        await harness.over(await harness.begin([second], ["@ccccc"]))
    (died,) = await harness.events_of(SessionDied)
    assert (died.session, died.loss, died.error) == (
        second.session,
        SessionLoss.BANNED,
        "erased from the register",
    )


async def test_a_post_that_can_not_be_looked_at_breaks_its_source(harness: ForwarderHarness) -> None:
    board = Board()
    board.errors = {POST.channel: MessengerError("torn off", TORN)}
    seats: list[Seat] = await harness.seats(1)
    async with working(harness, board):
        await harness.over(await harness.begin(seats, GROUPS))
    assert [broken.error for broken in await harness.events_of(SourceBroken)] == ["torn off"]


async def test_an_account_that_several_groups_ban_rests(harness: ForwarderHarness) -> None:
    board = Board()
    names = ("@aaaaa", "@bbbbb", "@ccccc")
    board.errors = {name: MessengerError(board.ban, BARRED) for name in names}
    seats = await harness.seats(1)
    async with working(harness, board):
        await harness.over(await harness.begin(seats, names))
    (rested,) = await harness.events_of(SeatRested)
    assert (rested.result, rested.error) == (ResultClass.ACCOUNT_LIMITED, board.ban)
