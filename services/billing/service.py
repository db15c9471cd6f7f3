"""The wiring of billing."""

from datetime import timedelta

from libs.chassis.service import Chassis
from libs.chassis.settings import secrets_in_use
from libs.eventsourcing import Causes
from services.billing.adapters.breaker import Breaker
from services.billing.adapters.nowpayments import Account, NowPayments
from services.billing.context import Context
from services.billing.order.settling import Tolerance
from services.billing.payments.provider_health import provider_health
from services.billing.payments.reconciling import Reconciler
from services.billing.payments.requesting import PaymentRequests
from services.billing.payments.tables import Silence
from services.billing.product.catalogue import introduce, read_catalogue
from services.billing.registry import REGISTRY
from services.billing.settings import BillingSettings
from services.billing.stock.limits import Limits


async def run(settings: BillingSettings) -> None:
    """Run billing until it is cancelled."""
    plans = read_catalogue(settings.catalogue_file)
    provider = _provider(settings)
    requests = PaymentRequests(provider, timeout_seconds=settings.provider_timeout_seconds)
    reconciler = _reconciler(settings, provider)
    context = Context(
        provider=provider,
        requests=requests,
        order_valid=timedelta(seconds=settings.order_valid_seconds),
        promised=timedelta(seconds=settings.promise_seconds),
        limits=Limits(
            per_account=settings.unpaid_sessions_per_email,
            per_address=settings.unpaid_sessions_per_address,
            share=settings.unpaid_share,
        ),
        tolerance=_tolerance(settings),
    )
    chassis = Chassis(
        settings,
        state_tables=REGISTRY.state_tables,
        read_models=REGISTRY.read_models,
        app=provider_health(provider),
    )
    async with provider, chassis:
        await chassis.engine.run(lambda unit: introduce(plans, unit), Causes.first("service:billing"))
        chassis.take_on(REGISTRY, context)
        chassis.task("payment-requests", lambda: requests.run(chassis.engine))
        chassis.task("reconciler", lambda: reconciler.run(chassis.engine))
        await chassis.run()


def _provider(settings: BillingSettings) -> NowPayments:
    account = Account(
        url=str(settings.provider_url),
        api_key=settings.api_key,
        ipn_secrets=secrets_in_use(settings.ipn_secret, settings.other_ipn_secret),
        callback_url=str(settings.ipn_callback_url),
        coins=settings.coins,
        payout=settings.payout_coin or None,
    )
    breaker = Breaker(
        NowPayments.name,
        failures=settings.provider_failures,
        open_seconds=settings.provider_rest_seconds,
    )
    return NowPayments(account, breaker, timeout_seconds=settings.provider_timeout_seconds)


def _tolerance(settings: BillingSettings) -> Tolerance:
    return Tolerance(percent=settings.tolerance_percent, usd=settings.tolerance_usd)


def _reconciler(settings: BillingSettings, provider: NowPayments) -> Reconciler:
    silence = Silence(
        first=timedelta(seconds=settings.reconcile_first_seconds),
        longest=timedelta(seconds=settings.reconcile_longest_seconds),
        late=timedelta(seconds=settings.reconcile_late_seconds),
    )
    return Reconciler(
        provider,
        silence,
        tolerance=_tolerance(settings),
        calls_per_minute=settings.reconcile_calls_per_minute,
        timeout_seconds=settings.provider_timeout_seconds,
    )
