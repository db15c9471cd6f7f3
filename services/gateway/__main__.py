"""Runs the gateway: `python -m services.gateway`."""

import gc

from libs.chassis.main import main
from services.gateway.service import run
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    gc.freeze()  # what was imported lives as long as the process: collections need not look at it again
    main(GatewaySettings, run)
