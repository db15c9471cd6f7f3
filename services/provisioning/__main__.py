"""Runs provisioning: `python -m services.provisioning`."""

from libs.chassis.main import main
from services.provisioning.service import run
from services.provisioning.settings import ProvisioningSettings

main(ProvisioningSettings, run)
