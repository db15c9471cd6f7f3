"""`python -m services.forwarder`: commands, reactions, relay."""

from libs.chassis.main import main
from services.forwarder.service import run
from services.forwarder.settings import ForwarderSettings

if __name__ == "__main__":
    main(ForwarderSettings, run)
