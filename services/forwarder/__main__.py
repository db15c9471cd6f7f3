"""Runs the forwarder: `python -m services.forwarder`."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import main
    from services.forwarder.service import run
    from services.forwarder.settings import ForwarderSettings

if __name__ == "__main__":
    main(ForwarderSettings, run)
