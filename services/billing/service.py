"""Where billing is put together."""

from datetime import timedelta

from libs.chassis.service import Chassis
from libs.eventsourcing.record import Causes
from services.billing.adapters.nowpayments import NowPayments
from services.billing.commands import Billing, handlers
from services.billing.order.tables import TABLES
from services.billing.product.catalogue import introduce, read_catalogue
from services.billing.reactions import REACTIONS
from services.billing.requesting import PaymentRequests
from services.billing.settings import BillingSettings
from services.billing.signature import SignatureChecker
from services.billing.timers import order_timeouts


async def run(settings: BillingSettings) -> None:
    """Run billing until it is told to stop."""
    plans = read_catalogue(settings.catalogue_file)
    provider = NowPayments(
        str(settings.provider_url),
        settings.api_key,
        callback_url=str(settings.ipn_callback_url),
        coins=settings.coins,
        timeout_seconds=settings.provider_timeout_seconds,
    )
    requests = PaymentRequests(provider, timeout_seconds=settings.provider_timeout_seconds)
    billing = Billing(
        provider=provider,
        requests=requests,
        signature=SignatureChecker(settings.ipn_secret.get_secret_value()),
        order_valid=timedelta(seconds=settings.order_valid_seconds),
    )
    async with provider, Chassis(settings, state_tables=TABLES) as chassis:
        await chassis.engine.run(lambda unit: introduce(plans, unit), Causes.first("service:billing"))
        chassis.serve(handlers(billing))
        chassis.read(reactions=REACTIONS)
        chassis.tick(order_timeouts(chassis.engine))
        chassis.task("payment-requests", lambda: requests.run(chassis.engine))
        await chassis.run()
