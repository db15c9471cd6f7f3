"""`adrelay events tail`: events as they happen, off the stream."""

import asyncio
import json as jsonlib
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Annotated
from uuid import UUID

import typer
from nats.errors import Error as NatsError
from rich.text import Text

from adrelay.events.history import before_last, before_moment, bounds
from adrelay.events.moments import clock, past_moment
from adrelay.events.outcome import Exit, Unusable, carry_out, remark, say_json, screen
from adrelay.events.places import ENV_FILE, DataOption, EnvFileOption, JsonOption, Places, checked
from adrelay.events.plain import contents
from adrelay.events.story import short_name
from adrelay.events.streaming import streaming
from libs.events.catalogue import UnknownEvent, published
from libs.eventsourcing.feed import Arrival, Feed, FeedBroken
from libs.eventsourcing.record import STREAM_NAME
from libs.eventsourcing.stored import pending
from libs.eventsourcing.stream import EventStream

LAST = 10
_BATCH = 500
_RECONNECT_SECONDS = 0.5
_UUID7 = 7

Say = Callable[[Arrival], None]


@dataclass(frozen=True)
class Filters:
    """What is to be seen: any of these services, types and streams, and one story."""

    services: tuple[str, ...]
    types: tuple[str, ...]
    streams: tuple[str, ...]
    correlation: UUID | None

    def subjects(self, root: str) -> list[str]:
        """Return the subjects of the stream that hold it."""
        ways = product(self.services or ("*",), self.types or ("*",), self.streams or ("*",))
        return [f"{root}.{service}.{kind}.{stream}" for service, kind, stream in ways]

    def passes(self, arrival: Arrival) -> bool:
        """Say whether an event that came on these subjects is of the story."""
        return self.correlation is None or arrival.envelope.correlation_id == self.correlation


@dataclass(frozen=True)
class Begin:
    """Where to begin: behind a sequence, with so many to skip, and nothing older than `since`."""

    after: int
    skip: int = 0
    since: datetime | None = None


def tail(  # noqa: PLR0913, PLR0917 - each is an option
    service: Annotated[list[str] | None, typer.Option(help="Only this service; can be repeated.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="Only this event type; can be repeated.")
    ] = None,
    stream: Annotated[list[str] | None, typer.Option(help="Only this stream; can be repeated.")] = None,
    correlation: Annotated[
        str | None, typer.Option(help="Only the story with this id, from its beginning.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(help=f"Begin with so many earlier events; {LAST} if nothing is said.", min=0)
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Begin with what happened since, such as 2026-05-01T12:00:00 or 10m.")
    ] = None,
    follow: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option(help="Go on with what happens from now on, until Ctrl-C.")
    ] = True,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show events as they happen, in the stream's order; with --json, one on a line.

    Exit codes: 0 ended by Ctrl-C, or shown; 1 with --no-follow, nothing passed the filters; 2 wrong usage or
    a server that does not answer.
    """
    say = _say_json if json else _sayer()
    wanted = (service, kind, stream, correlation)
    carry_out(lambda: _tail(Places(data, env_file), wanted, last, since, follow=follow, say=say))


async def _tail(
    places: Places,
    wanted: tuple[list[str] | None, list[str] | None, list[str] | None, str | None],
    last: int | None,
    since: str | None,
    *,
    follow: bool,
    say: Say,
) -> Exit:
    filters = _filters(*wanted)
    if last is not None and (since is not None or filters.correlation is not None):
        raise Unusable("--last goes neither with --since nor with --correlation")
    moment = None if since is None else past_moment(since)
    async with streaming(places.broker()) as stream:
        begin = await _begin(stream, filters, last, moment)
        shown = _Shown(filters, say, begin)
        telling = asyncio.create_task(_tell(stream, shown, follow=follow))
        await _until_stopped(telling)
    return Exit.OK if follow or shown.count else Exit.FOUND


def _filters(
    services: list[str] | None, types: list[str] | None, streams: list[str] | None, correlation: str | None
) -> Filters:
    for name in types or ():
        try:
            published().type(name)
        except UnknownEvent as error:
            raise Unusable(str(error)) from error
    for name in streams or ():
        if not STREAM_NAME.match(name):
            raise Unusable(f"{name!r} is no stream name; one looks like order-HQADZ-…")
    try:
        story = None if correlation is None else UUID(correlation)
    except ValueError:
        raise Unusable(f"{correlation!r} is no correlation id") from None
    return Filters(
        tuple(dict.fromkeys(checked(services or []))),
        tuple(dict.fromkeys(types or ())),
        tuple(dict.fromkeys(streams or ())),
        story,
    )


async def _begin(stream: EventStream, filters: Filters, last: int | None, since: datetime | None) -> Begin:
    if since is None and filters.correlation is not None and filters.correlation.version == _UUID7:
        # its id tells when a story began
        begun = datetime.fromtimestamp((filters.correlation.int >> 80) / 1000, UTC)
        return Begin(await before_moment(stream, begun))
    if since is not None:
        return Begin(await before_moment(stream, since), since=since)
    after, skip = await before_last(stream, filters.subjects(stream.root), LAST if last is None else last)
    return Begin(after, skip)


class _Shown:
    """What was shown so far, and how to go on."""

    def __init__(self, filters: Filters, say: Say, begin: Begin) -> None:
        self.filters = filters
        self.count = 0
        self.after = begin.after
        self._say = say
        self._skip = begin.skip
        self._since = begin.since

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Show those that pass."""
        for arrival in arrivals:
            self.after = arrival.sequence
            if self._skip:
                self._skip -= 1
            elif self.filters.passes(arrival) and not self._is_older(arrival):
                self._say(arrival)
                self.count += 1
        sys.stdout.flush()

    def _is_older(self, arrival: Arrival) -> bool:
        return self._since is not None and arrival.envelope.at < self._since


async def _tell(stream: EventStream, shown: _Shown, *, follow: bool) -> None:
    """Show what comes; an interrupted feed is opened again where it broke."""
    subjects = shown.filters.subjects(stream.root)
    made_at, end = await stream.made_at(), (await bounds(stream))[1]
    if not follow and not await pending(stream, subjects, shown.after):
        return
    while True:
        try:
            if await stream.made_at() != made_at:
                remark("the stream was made anew, going on at its beginning")
                made_at, shown.after = await stream.made_at(), 0
            async with Feed(stream, subjects, shown.after) as feed:
                while True:
                    arrivals = await feed.batch(_BATCH)
                    shown.take(arrivals)
                    if not follow and (arrivals[-1].sequence >= end or not arrivals[-1].waiting):
                        return
        except FeedBroken:
            continue
        except (NatsError, TimeoutError) as trouble:
            remark(f"the broker is away ({type(trouble).__name__}), going on when it is back")
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _until_stopped(telling: asyncio.Task[None]) -> None:
    """Wait for the end, or for Ctrl-C."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread
            loop.add_signal_handler(number, telling.cancel)
    with suppress(asyncio.CancelledError):
        await telling


# -- lines


def _say_json(arrival: Arrival) -> None:
    envelope = arrival.envelope
    say_json(
        {
            "service": arrival.source,
            "sequence": arrival.sequence,
            "id": str(envelope.id),
            "type": envelope.type,
            "schema": envelope.schema,
            "stream": envelope.stream,
            "version": envelope.version,
            "at": envelope.at.isoformat(),
            "correlation_id": str(envelope.correlation_id),
            "causation_id": str(envelope.causation_id),
            "actor": envelope.actor,
            "data": contents(envelope.data),
        }
    )


def _sayer() -> Say:
    console = screen()

    def say(arrival: Arrival) -> None:
        envelope = arrival.envelope
        line = Text.assemble(
            (clock(envelope.at), "dim"),
            (f"  {arrival.source:<13}", "cyan"),
            (f"{envelope.type:<21}", "bold"),
            f" {short_name(envelope.stream)} v{envelope.version}",
            (f" {envelope.actor}" if not envelope.actor.startswith("service:") else "", "yellow"),
            (f" {jsonlib.dumps(contents(envelope.data), ensure_ascii=False)}", "dim"),
        )
        console.print(line, no_wrap=True, overflow="ellipsis")

    return say
