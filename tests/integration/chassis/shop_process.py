"""The shop as a process."""

from libs.chassis.main import main
from tests.integration.chassis.shop import ShopSettings, run

if __name__ == "__main__":
    main(ShopSettings, run)
