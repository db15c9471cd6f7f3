"""`python -m libs.chassis.create_stream`: creates the stream of events, with the operator's user.

Services may not, where each has a user of its own. It is run before they are started at first; `adrelay up`
and `adrelay events create-stream` do the same.
"""

import asyncio
import sys
from typing import ClassVar

from nats.errors import Error as NatsError
from pydantic import Field, SecretStr

from libs.chassis import exit_codes
from libs.chassis.broker import connect_nats, event_stream
from libs.chassis.broker_permissions import OPERATOR
from libs.chassis.broker_tls import BrokerTls
from libs.chassis.private import keep_private
from libs.chassis.settings import InvalidSettings, ServiceSettings, load

CREATE_SECONDS = 60.0


class CreationFailed(Exception):
    """The stream was not created; the text says why."""


class StreamSettings(ServiceSettings):
    """The settings that are needed to find the stream; `ADRELAY_EVENTS_NATS_URL` has the operator's user."""

    service: ClassVar[str] = "events"
    postgres_url: SecretStr = Field(SecretStr("postgresql://unset.invalid"))
    command_public_key: str = ""


async def create_stream(url: str, prefix: str = "", tls: BrokerTls | None = None) -> None:
    """Create the stream unless it exists; one that an earlier program created gets what it lacks.

    Waits up to a minute for the broker. Raises `CreationFailed`.
    """
    try:
        async with asyncio.timeout(CREATE_SECONDS):
            nats = await connect_nats(url, OPERATOR, tls, quiet=True)
            try:
                await event_stream(nats, prefix=prefix).ensure()
            finally:
                await nats.close()
    except (NatsError, OSError, TimeoutError) as error:
        message = f"the stream {prefix}EVENTS can't be created: {str(error) or type(error).__name__}"
        raise CreationFailed(message) from error


def main() -> None:
    """Create the stream. Exit codes: 0 it exists, 1 failed, 2 invalid settings."""
    keep_private()
    try:
        settings = load(StreamSettings)
    except InvalidSettings as error:
        sys.stderr.writelines(f"create_stream: {problem}\n" for problem in error.problems)
        sys.exit(exit_codes.SETTINGS)
    try:
        asyncio.run(
            create_stream(settings.nats_url.get_secret_value(), settings.nats_prefix, settings.nats_tls)
        )
    except CreationFailed as error:
        sys.stderr.write(f"create_stream: {error}\n")
        sys.exit(exit_codes.FAILED)


if __name__ == "__main__":
    main()
