"""A shop, and a stall that never stops, in one process."""

import asyncio

from libs.chassis import main
from libs.chassis.main import HostedService, main_of
from tests.integration.chassis.shop import ShopSettings, run
from tests.integration.chassis.two_services import StallSettings, run_stall


async def run_hanging(settings: StallSettings) -> None:
    """Run the stall, and hang at its end."""
    try:
        await run_stall(settings)
    finally:
        await asyncio.Event().wait()


if __name__ == "__main__":
    main.GROUP_STOP_SECONDS = 0.1
    main_of([HostedService(ShopSettings, run)], [HostedService(StallSettings, run_hanging)])
