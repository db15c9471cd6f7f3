"""A shop and a stall in one process; the stall stops first."""

from typing import ClassVar

from libs.chassis.main import HostedService, main_of
from libs.chassis.service import Chassis
from tests.integration.chassis.shop import ShopSettings, retired_table, run


class StallSettings(ShopSettings):
    """The settings of the stall."""

    service: ClassVar[str] = "stall"


async def run_stall(settings: StallSettings) -> None:
    """Run the stall, which answers no commands."""
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        await chassis.run()


if __name__ == "__main__":
    main_of([HostedService(ShopSettings, run)], [HostedService(StallSettings, run_stall)])
