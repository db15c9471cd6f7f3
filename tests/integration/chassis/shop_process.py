"""The shop as a process."""

from libs.chassis import service
from libs.chassis.main import main
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import ShopSettings, run

if __name__ == "__main__":
    service.FLUSH_SECONDS = DEADLINE_SECONDS  # its last events are to reach the stream, however slowly
    main(ShopSettings, run)
