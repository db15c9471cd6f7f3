"""`python -m adrelay.together`: the five services in one process, for a small machine."""

from libs.chassis.importing import importing

with importing():
    from libs.chassis.main import HostedService, main_of
    from services.billing.service import run as run_billing
    from services.billing.settings import BillingSettings
    from services.forwarder.service import run as run_forwarder
    from services.forwarder.settings import ForwarderSettings
    from services.gateway.service import run as run_gateway
    from services.gateway.settings import GatewaySettings
    from services.provisioning.service import run as run_provisioning
    from services.provisioning.settings import ProvisioningSettings
    from services.scheduler.service import run as run_scheduler
    from services.scheduler.settings import SchedulerSettings


def main() -> None:
    """Run all services, each with its own settings; those of the forwarder are to say that it runs the pool.

    The gateway stops first: until then the others answer its requests.
    """
    main_of(
        [
            HostedService(BillingSettings, run_billing),
            HostedService(ProvisioningSettings, run_provisioning),
            HostedService(SchedulerSettings, run_scheduler),
            HostedService(ForwarderSettings, run_forwarder),
        ],
        [HostedService(GatewaySettings, run_gateway)],
    )


if __name__ == "__main__":
    main()
