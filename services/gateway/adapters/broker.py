"""Asks the broker for the figures of the stream of events."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from nats.aio.client import Client
from nats.errors import Error as NatsError

from services.gateway.ports import HEALTH_ANSWER_SECONDS, BrokerFigures


async def ask_broker(nats: Client, stream: str) -> BrokerFigures | None:
    """Return the figures of a stream; None if the broker does not answer."""
    try:
        state = (await nats.jetstream(timeout=HEALTH_ANSWER_SECONDS).stream_info(stream)).state
    except (NatsError, TimeoutError):
        return None
    version = nats.connected_server_version
    return BrokerFigures(
        version=f"{version.major}.{version.minor}.{version.patch}",
        messages=state.messages,
        bytes=state.bytes,
        consumers=state.consumer_count,
    )
