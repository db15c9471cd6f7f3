"""Runs billing: `python -m services.billing`."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import main
    from services.billing.service import run
    from services.billing.settings import BillingSettings

if __name__ == "__main__":
    main(BillingSettings, run)
