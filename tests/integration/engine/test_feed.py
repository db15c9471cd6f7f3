"""What a reader sees of the stream while nothing happens."""

import asyncio

from libs.eventsourcing.feed import Feed
from libs.eventsourcing.stream import EventStream


async def test_a_pull_that_expires_is_followed_by_the_next_at_once(stream: EventStream) -> None:
    await stream.ensure()
    everything = [f"{stream.root}.>"]
    async with Feed(stream, everything, 0, heartbeat_seconds=0.1, expires_seconds=0.25) as feed:
        waiting = asyncio.create_task(feed.batch(1))
        done, _ = await asyncio.wait({waiting}, timeout=1.5)  # several pulls, and far beyond three heartbeats
        assert not done, waiting.exception()
        waiting.cancel()
