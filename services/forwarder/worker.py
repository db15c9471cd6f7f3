"""A forwarding worker: `python -m services.forwarder.worker`. Any number may run."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import main
    from services.forwarder.service import run_worker
    from services.forwarder.settings import ForwarderSettings

if __name__ == "__main__":
    main(ForwarderSettings, run_worker)
