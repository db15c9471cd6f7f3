"""The connection to the broker says why it can't be used."""

import pytest
from nats.errors import ConnectionClosedError

from adrelay.servers.broker import streaming
from adrelay.servers.options import Broker
from adrelay.terminal.outcome import Unusable


async def test_a_broker_that_breaks_off_is_told_of_in_one_line(nats_url: str, stream_prefix: str) -> None:
    with pytest.raises(Unusable, match=r"the broker broke off: .*closed"):
        async with streaming(Broker(nats_url, stream_prefix), absent=True):
            raise ConnectionClosedError
