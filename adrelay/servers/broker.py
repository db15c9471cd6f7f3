"""A connection to the broker that fails quickly, with the reason."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from adrelay.servers.options import Broker
from adrelay.servers.stores import APPLICATION, CONNECT_SECONDS, server_address
from adrelay.terminal.outcome import Unusable
from adrelay.terminal.reasons import reason_of
from libs.chassis.broker import RECONNECT_SECONDS, BrokerClient, event_stream, tls_options
from libs.eventsourcing import EventStream
from libs.eventsourcing.operations import StreamUnreadable


@asynccontextmanager
async def streaming(broker: Broker, *, absent: bool = False) -> AsyncGenerator[EventStream]:
    """Connect to the stream, which may be `absent`; later interruptions are waited out."""
    client = await _connect(broker)
    try:
        stream = event_stream(client, prefix=broker.prefix)
        try:
            await client.jetstream(timeout=CONNECT_SECONDS).stream_info(stream.name)
        except NotFoundError:
            if not absent:
                raise Unusable(
                    f"the broker at {server_address(broker.url)} holds no stream {stream.name}"
                ) from None
        except NatsError as error:
            if client.was_forbidden:
                raise Unusable(
                    f"the broker at {server_address(broker.url)} forbids its user what tools need: "
                    "ADRELAY_EVENTS_NATS_URL takes the operator's"
                ) from error
            raise Unusable(
                f"the broker at {server_address(broker.url)} has no JetStream: {reason_of(error)}"
            ) from error
        try:
            yield stream
        except (NatsError, StreamUnreadable) as error:
            raise Unusable(f"the broker broke off: {reason_of(error)}") from error
    finally:
        with suppress(NatsError, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), 2)


async def _connect(broker: Broker) -> BrokerClient:
    url = broker.url
    problems: list[Exception] = []

    client = BrokerClient()

    async def note(error: Exception) -> None:
        problems.append(error)
        await client.end_forbidden(error)

    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                url,
                name=APPLICATION,
                error_cb=note,
                disconnected_cb=client.end_requests,
                max_reconnect_attempts=-1,  # for reconnects; the first connection has a shorter timeout
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # may be a fraction
                connect_timeout=int(CONNECT_SECONDS),
                **tls_options(url, broker.tls),
            )
    except (NatsError, OSError, TimeoutError) as error:
        why = reason_of(problems[-1] if problems else error)
        raise Unusable(f"the broker at {server_address(url)} can't be used: {why}") from error
    return client
