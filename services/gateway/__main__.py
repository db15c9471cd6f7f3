"""Runs the gateway: `python -m services.gateway`."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import main
    from services.gateway.service import run
    from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    main(GatewaySettings, run)
