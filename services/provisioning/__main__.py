"""Runs provisioning: `python -m services.provisioning`."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import main
    from services.provisioning.service import run
    from services.provisioning.settings import ProvisioningSettings

if __name__ == "__main__":
    main(ProvisioningSettings, run)
