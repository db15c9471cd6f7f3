"""Connections to the stores and to the broker, that fail quickly and say why."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

import asyncpg
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from adrelay.events.outcome import Unusable, first_line
from adrelay.events.places import Broker
from libs.chassis.broker import RECONNECT_SECONDS, BrokerClient
from libs.eventsourcing.postgres import Connection, server_settings
from libs.eventsourcing.stream import EventStream

CONNECT_SECONDS = 5.0
APPLICATION = "adrelay events"
"""What these tools are called among the connections of a database; services are `adrelay`."""


@asynccontextmanager
async def connected(
    service: str, url: str, *, writing: bool = False, empty: bool = False
) -> AsyncGenerator[Connection]:
    """Be connected to a service's store, which can't be changed unless `writing`.

    Raises `Unusable` if it can't be reached, or holds no event store and is not allowed to be `empty`.
    """
    settings = server_settings(()) | {"application_name": APPLICATION}
    if not writing:
        settings["default_transaction_read_only"] = "on"
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, command_timeout=300, server_settings=settings
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unusable(f"the database of {service} at {_place(url)} can't be used: {_why(error)}") from error
    try:
        if not empty and not await connection.fetchval("select to_regclass('engine.events') is not null"):
            raise Unusable(f"the database of {service} at {_place(url)} holds no event store")
        yield connection
    finally:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            await connection.close(timeout=2)


@asynccontextmanager
async def stores(
    databases: Mapping[str, str], *, writing: bool = False
) -> AsyncGenerator[dict[str, Connection]]:
    """Be connected to several services' stores."""
    async with AsyncExitStack() as stack:
        opened = await asyncio.gather(
            *(
                stack.enter_async_context(connected(service, url, writing=writing))
                for service, url in databases.items()
            ),
            return_exceptions=True,
        )
        problems = [problem for one in opened if isinstance(one, Unusable) for problem in one.problems]
        if problems:
            raise Unusable(*problems)
        connections: dict[str, Connection] = {}
        for service, one in zip(databases, opened, strict=True):
            if isinstance(one, BaseException):
                raise one
            connections[service] = one
        yield connections


@asynccontextmanager
async def streaming(broker: Broker, *, absent: bool = False) -> AsyncGenerator[EventStream]:
    """Be connected to the stream, which may be `absent`; later interruptions are waited out."""
    client = await _connect(broker.url)
    try:
        stream = EventStream(client, prefix=broker.prefix)
        try:
            await client.jetstream(timeout=CONNECT_SECONDS).stream_info(stream.name)
        except NotFoundError:
            if not absent:
                raise Unusable(f"the broker at {_place(broker.url)} holds no stream {stream.name}") from None
        except NatsError as error:
            raise Unusable(f"the broker at {_place(broker.url)} has no JetStream: {_why(error)}") from error
        yield stream
    finally:
        with suppress(NatsError, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), 2)


async def _connect(url: str) -> Client:
    problems: list[Exception] = []

    async def note(error: Exception) -> None:
        problems.append(error)

    client = BrokerClient()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                url,
                name=APPLICATION,
                error_cb=note,
                disconnected_cb=client.end_requests,
                max_reconnect_attempts=-1,  # for later; the first time we don't wait for so long
                reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # may be a fraction
                connect_timeout=int(CONNECT_SECONDS),
            )
    except (NatsError, OSError, TimeoutError) as error:
        why = _why(problems[-1] if problems else error)
        raise Unusable(f"the broker at {_place(url)} can't be used: {why}") from error
    return client


def _place(url: str) -> str:
    """Return host, port and database of a URL, without user and password."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}{parts.path if parts.scheme.startswith('postgres') else ''}"


def _why(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:.0f} seconds"
    return first_line(error)
