"""The stream is filled from the stores, and nothing is done twice by it."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from dataclasses import replace

import pytest

from libs.eventsourcing import Engine, EventStream, Relay
from libs.eventsourcing.errors import Remedy
from libs.eventsourcing.relaying.republish import missing, renew, republish
from libs.eventsourcing.relaying.verify import Fault
from libs.eventsourcing.store.restored_clusters import RestoredElsewhere, StreamAhead, rebase, refuse_future
from libs.eventsourcing.values import Cursor
from tests.integration.engine.meters import turn
from tests.integration.engine.waiting import running
from tests.integration.engine_tools.counting import ME, last_cursor, relayed, serving, turns_in
from tests.integration.engine_tools.test_verify import put, stored, verified
from tests.support.waiting import until


async def test_a_dry_run_counts_what_is_missing_and_changes_nothing(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 20), ME)
    await relayed(engine, stream)
    await engine.run(turn("a", 5), ME)
    for _ in range(2):
        found = await missing(engine.tables, stream)
        assert (found.stored, found.missing, found.ahead) == (25, 5, False)


async def test_an_emptied_stream_is_filled_and_readers_go_on_without_repeating(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 40), ME)
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 20)
    assert await renew(stream) == 40
    done = await republish(engine.tables, stream)
    assert done.missing == 0
    assert (await verified(engine, stream)).sound
    await engine.run(turn("a", 2), ME)
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 20)
    assert await turns_in(engine, "tally") == {"a": 42}


async def test_a_running_relay_is_left_to_its_work(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("a", 30), ME)
    async with running(Relay(engine, stream).run):
        await republish(engine.tables, stream)
        await renew(stream)
        await republish(engine.tables, stream)
        await engine.run(turn("a", 3), ME)
        await republish(engine.tables, stream)
    report = await verified(engine, stream)
    assert (report.compared, report.sound) == (33, True)


async def test_a_store_that_lost_events_is_told_from_one_that_waits(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 10), ME)
    await relayed(engine, stream)
    await engine.query(lambda sql: sql.execute("delete from engine.events where version > 7"))
    assert (await missing(engine.tables, stream)).ahead
    with pytest.raises(StreamAhead):
        await republish(engine.tables, stream)
    report = await verified(engine, stream)
    assert report.counts.total() == 3


async def test_a_store_with_xids_of_the_future_is_refused_until_it_is_rebased(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 3), ME)
    restored = "update engine.events set xid = (xid::text::bigint + 50000000)::text::xid8"
    await engine.query(lambda sql: sql.execute(restored))
    await relayed_as_far_as_seen(engine, stream)
    async with engine.pool.acquire() as connection:
        with pytest.raises(RestoredElsewhere, match="younger cluster") as raised:
            await refuse_future(connection)
        assert raised.value.remedy is Remedy.REBASE
        ahead = await rebase(connection, Cursor(0, 0))
        assert ahead > 40_000_000
        await refuse_future(connection)
    before = await last_cursor(engine)
    await engine.run(turn("a", 2), ME)
    assert await last_cursor(engine) > before
    await relayed(engine, stream)
    report = await verified(engine, stream)
    assert (report.compared, report.sound) == (5, True)


async def relayed_as_far_as_seen(engine: Engine, stream: EventStream) -> None:
    """Show that nothing of the future is relayed before."""
    async with running(Relay(engine, stream).run):
        assert (await missing(engine.tables, stream)).missing == 3


async def test_a_relay_does_not_publish_behind_what_the_stream_holds_beyond_its_store(
    engine: Engine, stream: EventStream
) -> None:
    """As when the store was restored from a copy that is older than the stream."""
    await engine.run(turn("a", 3), ME)
    await relayed(engine, stream)
    lost = (await stored(engine))[-1]
    beyond = Cursor(lost.cursor.xid + 1_000_000, lost.cursor.position + 100)
    await put(stream, replace(lost, cursor=beyond, version=4))
    with pytest.raises(StreamAhead):
        await republish(engine.tables, stream)
    async with running(Relay(engine, stream).run):
        await engine.run(turn("a"), ME)
        assert (await missing(engine.tables, stream)).published == beyond
        async with engine.pool.acquire() as connection:
            await rebase(connection, beyond)
        done = await engine.run(turn("b"), ME)
        assert done.written is not None
        assert done.written > beyond

        async def published() -> bool:
            return (await stream.last("meters")).cursor == done.written

        await until(published)
    report = await verified(engine, stream)
    assert report.counts == {Fault.STRANGER: 1, Fault.ORDER: 1}
