"""`python -m services.forwarder.worker`: one worker of the pool; any number can run."""

from libs.chassis.main import main
from services.forwarder.service import run_worker
from services.forwarder.settings import ForwarderSettings

if __name__ == "__main__":
    main(ForwarderSettings, run_worker)
