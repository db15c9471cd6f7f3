"""The wiring of the gateway."""

import ssl
from datetime import timedelta

from fastapi import FastAPI

from libs.chassis.command_client import CommandClient
from libs.chassis.service import Chassis
from libs.eventsourcing.background import forget_days, repeat
from services.gateway.account import first_codes
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.registering import Accounts
from services.gateway.account.second_factor import SecondFactors
from services.gateway.activity.log import ActivityLog
from services.gateway.adapters.forwarding import ask_forwarder
from services.gateway.adapters.smtp import SmtpMailer
from services.gateway.api.app import make_app
from services.gateway.api.desk import Desk
from services.gateway.api.identity.api_keys import ApiKeys
from services.gateway.api.identity.door import Door
from services.gateway.api.identity.key_uses import KeyUses
from services.gateway.api.identity.tickets import Tickets
from services.gateway.api.identity.tokens import ForeignTokens, Tokens
from services.gateway.api.requests.limits import DAY_SECONDS, HOUR_SECONDS, RateLimit
from services.gateway.api.webhook.notification import Webhook
from services.gateway.api.webhook.verifying import SignatureVerifier
from services.gateway.checkout.claims import Claims
from services.gateway.checkout.turns import Turns
from services.gateway.context import Context
from services.gateway.device.refresh import Devices
from services.gateway.hooks.managing import Hooks
from services.gateway.hooks.network import SystemResolver
from services.gateway.hooks.posting import poster_for
from services.gateway.hooks.sender import Sender
from services.gateway.hooks.signing import SecretSeal
from services.gateway.live.feeds import Feeds
from services.gateway.mail.outbox import Outbox
from services.gateway.mail.writing import Writer
from services.gateway.ports import Mailer
from services.gateway.registry import REGISTRY
from services.gateway.settings import GatewaySettings
from services.gateway.tables.changes import CHANGES, CHANGES_KEPT
from services.gateway.tables.deliveries import DELIVERIES

ONE_TIME_CODES_PER_MINUTE = 5
"""How many one-time codes an account may try in a minute."""

TICKETS_PER_MINUTE = 60
"""How many tickets for sockets an account may get in a minute."""
WEBHOOK_TESTS_PER_MINUTE = 10
"""How many test messages to its webhooks an account may ask for in a minute."""
REFRESHES_PER_MINUTE = 120
"""How many refresh tokens a network address may send in a minute."""


async def run(settings: GatewaySettings) -> None:
    """Serve the API until SIGTERM or SIGINT."""
    app = make_app()
    async with Chassis(
        settings,
        state_tables=REGISTRY.state_tables,
        read_models=REGISTRY.read_models,
        read_everything=True,
        app=app,
    ) as chassis:
        codes = AccessCodes(settings.code_pepper)
        await _forget_old_days(settings, chassis)  # before days would be folded that are not kept
        chassis.task("old days", lambda: repeat("old days", lambda: _forget_old_days(settings, chassis)))
        claims = Claims(chassis.engine, settings.code_pepper)
        await claims.make_tables()
        commands = CommandClient(
            chassis.nats, prefix=settings.nats_prefix, timeout_seconds=settings.command_seconds
        )
        live = Feeds(
            chassis.engine,
            chassis.read_models,
            most=settings.listeners,
            most_per_account=settings.listeners_per_account,
        )
        furnish(
            app,
            await desk_of(settings, chassis, commands, codes, claims),
            Webhook(SignatureVerifier(settings.ipn_secret), commands),
            live,
        )
        for feed in live.all:
            chassis.task(f"live {feed.name}", feed.run)
        chassis.on_stop(live.stop)
        chassis.take_on(REGISTRY, Context(codes, mails=settings.mails))
        if settings.mails:
            chassis.task("outbox", lambda: _send_mails(settings, chassis, codes))
        await chassis.run()


def furnish(app: FastAPI, desk: Desk, webhook: Webhook, live: Feeds) -> None:
    """Set the app state that the routes use."""
    app.state.live = live
    app.state.desk = desk
    app.state.webhook = webhook


async def _forget_old_days(settings: GatewaySettings, chassis: Chassis) -> float:
    deliveries = await forget_days(chassis.engine, DELIVERIES, timedelta(days=settings.deliveries_days))
    return min(deliveries, await forget_days(chassis.engine, CHANGES, CHANGES_KEPT))


async def _send_mails(settings: GatewaySettings, chassis: Chassis, codes: AccessCodes) -> None:
    async with mailer_of(settings) as mailer:
        await outbox_of(settings, chassis, codes, mailer).run()


def mailer_of(settings: GatewaySettings) -> SmtpMailer:
    """Return the SMTP mailer of these settings."""
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.sender,
        username=settings.smtp_username,
        password=settings.smtp_password,
        trusted=ssl.create_default_context(cafile=settings.smtp_ca_file or None),
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def outbox_of(settings: GatewaySettings, chassis: Chassis, codes: AccessCodes, mailer: Mailer) -> Outbox:
    """Return the outbox that sends mails through this mailer."""
    return Outbox(
        chassis.engine,
        mailer,
        Writer(settings.sender, site_url=settings.site_url),
        codes,
        timeout_seconds=settings.smtp_timeout_seconds,
        give_up_seconds=settings.mail_give_up_seconds,
    )


async def desk_of(
    settings: GatewaySettings, chassis: Chassis, commands: CommandClient, codes: AccessCodes, claims: Claims
) -> Desk:
    """Return the routes' dependencies, and keep up what they store."""
    engine, keyed = chassis.engine, KeyedHash(settings.code_pepper)
    hooks = await _hooks(settings, chassis, SecretSeal(keyed))
    tokens, keys = Tokens(settings.jwt_secret, settings.token_seconds), ApiKeys(keyed)
    devices, uses = Devices(engine, keyed, seconds=settings.refresh_seconds), KeyUses(engine)
    second_factors = SecondFactors(engine, keyed)
    activity = ActivityLog(engine, days=settings.activity_days)
    tickets = Tickets(engine)
    await first_codes.make_tables(engine)
    chassis.task("first codes", lambda: repeat("first codes", lambda: first_codes.forget(engine)))
    for stored in (devices, uses, second_factors, activity, tickets):
        await stored.make_tables()
    chassis.task("ended devices", lambda: repeat("ended devices", devices.sweep))
    chassis.task("old activity", lambda: repeat("old activity", activity.forget))
    chassis.task("uses of API keys", lambda: repeat("uses of API keys", uses.store))
    return Desk(
        engine=chassis.engine,
        read_models=chassis.read_models,
        commands=commands,
        accounts=Accounts(chassis.engine, codes),
        codes=codes,
        door=Door(
            engine,
            tokens,
            keys,
            uses=uses,
            foreign=_foreign(settings),
            operators_token=settings.admin_token if settings.admin_token.get_secret_value() else None,
        ),
        activity=activity,
        tokens=tokens,
        devices=devices,
        second_factors=second_factors,
        api_keys=keys,
        hooks=hooks,
        sign_ins=RateLimit(settings.sign_ins_per_minute),
        one_time_codes=RateLimit(ONE_TIME_CODES_PER_MINUTE),
        tickets=tickets,
        ticket_limit=RateLimit(TICKETS_PER_MINUTE),
        refreshes=RateLimit(REFRESHES_PER_MINUTE),
        webhook_tests=RateLimit(WEBHOOK_TESTS_PER_MINUTE),
        checkouts=RateLimit(settings.checkouts_per_minute),
        checkouts_hourly=RateLimit(settings.checkouts_per_hour, window_seconds=HOUR_SECONDS),
        payment_looks=RateLimit(settings.payment_looks_per_minute),
        writes=RateLimit(settings.writes_per_minute),
        writes_a_day=RateLimit(settings.writes_per_day, window_seconds=DAY_SECONDS),
        turns=Turns(),
        claims=claims,
        timeout_seconds=settings.read_your_writes_seconds,
        forwarding=lambda: ask_forwarder(chassis.nats, settings.nats_prefix),
    )


async def _hooks(settings: GatewaySettings, chassis: Chassis, seal: SecretSeal) -> Hooks:
    """Return the webhooks of accounts, and keep their messages being sent."""
    private = settings.webhooks_private_networks
    resolver = SystemResolver()
    poster = poster_for(resolver, private_networks=private)
    hooks = Hooks(chassis.engine, poster, seal, private_networks=private)
    await hooks.make_tables()
    chassis.task("webhooks", Sender(chassis.engine, poster, seal).run)
    chassis.on_stop(resolver.close)
    return hooks


def _foreign(settings: GatewaySettings) -> ForeignTokens | None:
    if not settings.foreign_jwt_secret.get_secret_value():
        return None
    return ForeignTokens(
        settings.foreign_jwt_secret, settings.foreign_jwt_issuer, settings.foreign_jwt_audience
    )
