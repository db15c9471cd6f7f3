"""`adrelay events tail`: prints events from the stream as they are published."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

from nats.errors import Error as NatsError
from rich.text import Text

from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions, checked
from adrelay.terminal.moments import clock, past_moment
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark, screen
from adrelay.terminal.plain import field_texts
from adrelay.terminal.reasons import reason_of
from adrelay.terminal.screen import INDENT, as_is, fitting
from libs.chassis.pasted import pasted, stream_name
from libs.chassis.plain_values import contents
from libs.events.catalogue import published
from libs.eventsourcing import EventStream
from libs.eventsourcing.operations import (
    LOOK_BACK,
    STREAM_NAME,
    Arrival,
    Consumer,
    ConsumerLost,
    UnknownEvent,
    before_last,
    before_moment,
    bounds,
    pending,
)

_BATCH = 500
_RECONNECT_SECONDS = 0.5
_UUID7 = 7
_DATA_LINES = 4

Print = Callable[[Arrival], None]


@dataclass(frozen=True)
class Filters:
    """The filter: any of these services, types and streams, and one correlation id."""

    services: tuple[str, ...]
    types: tuple[str, ...]
    streams: tuple[str, ...]
    correlation: UUID | None

    def subjects(self, stream: EventStream) -> list[str]:
        """Return patterns of the subjects of all events that pass, and of some others."""
        ways = product(self.services or ("*",), self.types or ("*",))
        return [
            pattern
            for service, kind in ways
            for pattern in stream.patterns(f"{service}.{kind}.", self.streams)
        ]

    def is_of_streams(self, arrival: Arrival) -> bool:
        """Return whether an event received on these subjects is of the streams; others share the subjects."""
        return not self.streams or arrival.envelope.stream in self.streams

    def passes(self, arrival: Arrival) -> bool:
        """Return whether an event of the streams has the correlation id."""
        return self.correlation is None or arrival.envelope.correlation_id == self.correlation


@dataclass(frozen=True)
class Begin:
    """The start: after a sequence, with a number of events to skip, and none older than `since`."""

    after: int
    skip: int = 0
    since: datetime | None = None


async def tail(
    servers: ServerOptions,
    filters: Filters,
    last: int,
    since: str | None,
    *,
    follow: bool,
    print_event: Print,
) -> Exit:
    """Print the events that pass the filters; with `follow`, go on with new ones until interrupted."""
    moment = None if since is None else past_moment(since)
    async with streaming(servers.broker()) as stream:
        begin = await _begin(stream, filters, last, moment)
        shown = _Shown(filters, print_event, begin)
        printing = asyncio.create_task(_print_from_stream(stream, shown, follow=follow))
        await _until_stopped(printing)
    return Exit.OK if follow or shown.count else Exit.FOUND


def filters_of(
    services: list[str] | None, types: list[str] | None, streams: list[str] | None, correlation: str | None
) -> Filters:
    """Return the filter of the options; raise `Unusable` for unknown names."""
    streams = [stream_name(name) for name in streams or ()]
    for name in types or ():
        try:
            published().type(name)
        except UnknownEvent as error:
            raise Unusable(str(error)) from error
    for name in streams:
        if not STREAM_NAME.match(name):
            raise Unusable(f"{name!r} is no stream name; one looks like order-HQADZ-…")
    try:
        correlation_id = None if correlation is None else UUID(pasted(correlation))
    except ValueError:
        raise Unusable(f"{correlation!r} is no correlation id") from None
    return Filters(
        tuple(dict.fromkeys(checked(services or []))),
        tuple(dict.fromkeys(types or ())),
        tuple(dict.fromkeys(streams)),
        correlation_id,
    )


async def _begin(stream: EventStream, filters: Filters, last: int, since: datetime | None) -> Begin:
    if since is None and filters.correlation is not None and filters.correlation.version == _UUID7:
        # a correlation id of version 7 holds the instant of the first request
        begun = datetime.fromtimestamp((filters.correlation.int >> 80) / 1000, UTC)
        return Begin(await before_moment(stream, begun))
    if since is not None:
        return Begin(await before_moment(stream, since), since=since)
    begin = await before_last(stream, filters.subjects(stream), last, of_streams=filters.streams)
    if not begin.complete:
        remark(
            f"only the last {LOOK_BACK:,} events of all streams were searched; `adrelay events show` "
            "prints a whole stream"
        )
    return Begin(begin.after, begin.skip)


class _Shown:
    """The progress of the output, from which it is resumed."""

    def __init__(self, filters: Filters, print_event: Print, begin: Begin) -> None:
        self.filters = filters
        self.count = 0
        self.after = begin.after
        self._print = print_event
        self._skip = begin.skip
        self._since = begin.since

    def take(self, arrivals: Sequence[Arrival]) -> None:
        """Print the events that pass the filter."""
        for arrival in arrivals:
            self.after = arrival.sequence
            if not self.filters.is_of_streams(arrival):
                continue
            if self._skip:
                self._skip -= 1
            elif self.filters.passes(arrival) and not self._is_older(arrival):
                self._print(arrival)
                self.count += 1
        sys.stdout.flush()

    def _is_older(self, arrival: Arrival) -> bool:
        return self._since is not None and arrival.envelope.at < self._since


async def _print_from_stream(stream: EventStream, shown: _Shown, *, follow: bool) -> None:
    """Print events as they arrive; after an interruption a new consumer resumes behind the last one."""
    subjects = shown.filters.subjects(stream)
    made_at, end = await stream.made_at(), (await bounds(stream))[1]
    if not follow and not await pending(stream, subjects, shown.after):
        return
    while True:
        try:
            if await stream.made_at() != made_at:
                remark("the stream was made anew, going on at its beginning")
                made_at, shown.after = await stream.made_at(), 0
            async with Consumer(stream, subjects, shown.after) as consumer:
                while True:
                    arrivals = await consumer.batch(_BATCH)
                    shown.take(arrivals)
                    if not follow and (arrivals[-1].sequence >= end or not consumer.waiting):
                        return
        except ConsumerLost:
            continue
        except (NatsError, TimeoutError) as trouble:
            remark(f"the broker is away ({reason_of(trouble)}), going on when it is back")
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _until_stopped(printing: asyncio.Task[None]) -> None:
    """Wait for the end of the task, or for Ctrl-C."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # signal handlers need the main thread
            loop.add_signal_handler(number, printing.cancel)
    with suppress(asyncio.CancelledError):
        await printing


# -- lines


def print_json_line(arrival: Arrival) -> None:
    """Print an event as a line of JSON."""
    envelope = arrival.envelope
    print_json(
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


def line_printer() -> Print:
    """Return a printer for people; on a terminal it leaves out data that does not fit on a few lines."""
    console = screen()

    def print_event(arrival: Arrival) -> None:
        envelope = arrival.envelope
        fields = field_texts(contents(envelope.data))
        if console.room is not None:
            kept = fitting(fields, _DATA_LINES * (console.room - 2 * INDENT))
            more = len(fields) - kept
            fields = [*fields[:kept], f"… {more} more (--json)"] if more else fields
        console.items(
            Text(clock(envelope.at), "dim"),
            Text(f"{arrival.source:<12}", "cyan"),
            Text(f"{envelope.type:<20}", "bold"),
            f"{envelope.stream} v{envelope.version}",
            Text("" if envelope.actor.startswith("service:") else envelope.actor, "yellow"),
            *(Text(as_is(part).plain, "dim") for part in fields),
        )

    return print_event
