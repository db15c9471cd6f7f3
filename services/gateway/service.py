"""The wiring of the gateway."""

import ssl
from datetime import timedelta

from fastapi import FastAPI

from libs.chassis.command_client import CommandClient
from libs.chassis.connections import ConnectionLimits
from libs.chassis.service import Chassis
from libs.eventsourcing.background import forget_days, repeat
from libs.eventsourcing.values import utc_now
from services.gateway.account import first_codes
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.registering import Accounts
from services.gateway.account.sealing import Sealer
from services.gateway.account.second_factor import SecondFactors
from services.gateway.activity.log import ActivityLog
from services.gateway.adapters.forwarding import ask_forwarder
from services.gateway.adapters.health import ask_health
from services.gateway.adapters.smtp import SmtpMailer
from services.gateway.api.app import make_app
from services.gateway.api.desk import Desk
from services.gateway.api.identity.api_keys import ApiKeys
from services.gateway.api.identity.door import Door
from services.gateway.api.identity.key_uses import KeyUses
from services.gateway.api.identity.tickets import Tickets
from services.gateway.api.identity.tokens import ForeignTokens, Tokens
from services.gateway.api.requests.addresses import Proxies
from services.gateway.api.requests.counters import Counters
from services.gateway.api.requests.gate import Gate, Guessable, Reads, cors_of
from services.gateway.api.requests.limits import (
    DAY_SECONDS,
    HOUR_SECONDS,
    WINDOW_SECONDS,
    ConcurrencyLimit,
    RateLimit,
)
from services.gateway.api.requests.penalties import Penalties
from services.gateway.api.requests.shared_limits import SharedLimit
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
from services.gateway.idempotency.keys import IdempotencyKeys
from services.gateway.live.feeds import Feeds
from services.gateway.mail.outbox import Outbox
from services.gateway.mail.writing import Writer
from services.gateway.notices.conditions import SERVICES, Thresholds
from services.gateway.notices.mailing import Mailing, NoticeMails
from services.gateway.notices.refused_sales import RefusedSales
from services.gateway.notices.watching import Watch, WatchSettings
from services.gateway.notices.writing import NoticeWriter
from services.gateway.ports import Mailer
from services.gateway.registry import REGISTRY
from services.gateway.settings import GatewaySettings
from services.gateway.tables.changes import CHANGES, CHANGES_KEPT
from services.gateway.tables.deliveries import DELIVERIES

ONE_TIME_CODES_PER_MINUTE = 5
"""How many one-time codes an account may try in a minute."""
WRONG_ONE_TIME_CODES_PER_DAY = 30
"""How many wrong ones it may try in a day: who has the access code guesses right in decades, not in weeks."""

TICKETS_PER_MINUTE = 60
"""How many tickets for sockets an account may get in a minute."""
WEBHOOK_TESTS_PER_MINUTE = 10
"""How many test messages to its webhooks an account may ask for in a minute."""
REFRESHES_PER_MINUTE = 120
"""How many refresh tokens a network address may send in a minute."""
RECONNECT_SECONDS = 3.0
"""How long a request waits for the broker, which a restart keeps away for a moment, before it is answered."""
_LEASE_SPARE_SECONDS = 5.0
_KEY_SPARE_SECONDS = 30.0


async def run(settings: GatewaySettings) -> None:
    """Serve the API until SIGTERM or SIGINT."""
    app = make_app()
    async with Chassis(
        settings,
        state_tables=REGISTRY.state_tables,
        read_models=REGISTRY.read_models,
        read_everything=True,
        app=app,
        connections=ConnectionLimits(
            most=settings.connections,
            most_per_address=settings.connections_per_address,
            unlimited=settings.trusted_proxies,
            header_seconds=settings.header_seconds,
            idle_seconds=settings.idle_seconds,
        ),
    ) as chassis:
        codes = AccessCodes(settings.code_pepper)
        await _forget_old_days(settings, chassis)  # before days would be folded that are not kept
        chassis.task("old days", lambda: repeat("old days", lambda: _forget_old_days(settings, chassis)))
        claims = Claims(chassis.engine, settings.code_pepper)
        await claims.make_tables()
        keys = keys_of(settings, chassis)
        await keys.make_tables()
        chassis.task("old keys", lambda: repeat("old keys", lambda: keys.forget_old(utc_now())))
        counters = Counters(chassis.engine, settings.code_pepper)
        await counters.make_tables()
        chassis.task("old counters", lambda: repeat("old counters", counters.sweep))
        commands = CommandClient(
            chassis.nats,
            prefix=settings.nats_prefix,
            timeout_seconds=settings.command_seconds,
            reconnect_seconds=RECONNECT_SECONDS,
        )
        live = Feeds(
            chassis.engine,
            chassis.read_models,
            most=settings.listeners,
            most_per_account=settings.listeners_per_account,
        )
        furnish(
            app,
            await desk_of(settings, chassis, commands, codes, claims, keys, counters),
            Webhook(SignatureVerifier(settings.ipn_secret), commands),
            live,
            gate_of(settings, counters),
        )
        for feed in live.all:
            chassis.task(f"live {feed.name}", feed.run)
        chassis.on_stop(live.stop)
        context = Context(codes, mails=settings.mails, operator_mails=settings.mails_to_operator)
        chassis.take_on(REGISTRY, context)
        chassis.task("notices", watch_of(settings, chassis).run)
        if settings.mails:
            chassis.task("outbox", lambda: _send_mails(settings, chassis, codes))
        if settings.mails_to_operator:
            chassis.task("notice mails", lambda: _mail_notices(settings, chassis))
        await chassis.run()


def furnish(app: FastAPI, desk: Desk, webhook: Webhook, live: Feeds, gate: Gate) -> None:
    """Set the app state that the routes use."""
    app.state.gate = gate
    app.state.live = live
    app.state.desk = desk
    app.state.webhook = webhook


async def _forget_old_days(settings: GatewaySettings, chassis: Chassis) -> float:
    deliveries = await forget_days(chassis.engine, DELIVERIES, timedelta(days=settings.deliveries_days))
    return min(deliveries, await forget_days(chassis.engine, CHANGES, CHANGES_KEPT))


async def _send_mails(settings: GatewaySettings, chassis: Chassis, codes: AccessCodes) -> None:
    async with mailer_of(settings) as mailer:
        await outbox_of(settings, chassis, codes, mailer).run()


async def _mail_notices(settings: GatewaySettings, chassis: Chassis) -> None:
    addresses = settings.operator_addresses
    mailing = Mailing(
        addresses=addresses,
        gather=timedelta(seconds=settings.operator_mail_gather_seconds),
        most_an_hour=settings.operator_mails_per_hour,
        lease=timedelta(seconds=settings.smtp_timeout_seconds * len(addresses) + _LEASE_SPARE_SECONDS),
    )
    writer = NoticeWriter(settings.sender, site_url=settings.site_url)
    async with mailer_of(settings) as mailer:
        await NoticeMails(chassis.engine, mailer, writer, mailing).run()


def watch_of(settings: GatewaySettings, chassis: Chassis) -> Watch:
    """Return what looks for conditions of which the operator is told."""
    return Watch(
        chassis.engine,
        lambda: ask_health(chassis.nats, settings.nats_prefix, SERVICES),
        WatchSettings(
            every_seconds=settings.notice_check_seconds,
            limits=Thresholds(
                low_stock=settings.low_stock_sessions,
                lost_sessions=settings.lost_sessions_per_hour,
                seconds=settings.notice_after_seconds,
            ),
            mail=settings.mails_to_operator,
            attention_share=settings.attention_percent / 100,
        ),
    )


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


def keys_of(settings: GatewaySettings, chassis: Chassis) -> IdempotencyKeys:
    """Return the idempotency keys; a claim outlasts a request, which sends one or two commands."""
    lease = 2 * (settings.command_seconds + settings.read_your_writes_seconds) + _KEY_SPARE_SECONDS
    return IdempotencyKeys(chassis.engine, settings.code_pepper, lease_seconds=lease)


def gate_of(settings: GatewaySettings, counters: Counters) -> Gate:
    """Return the rules that requests must pass before their routes."""
    return Gate(
        proxies=Proxies(settings.trusted_proxies),
        admin_networks=settings.admin_networks,
        cors=cors_of(settings.cors_origins),
        reads=Reads(
            SharedLimit("reads of token", settings.reads_per_minute, counters, frequent=True),
            SharedLimit("reads", settings.reads_per_minute_per_address, counters, frequent=True),
        ),
        sign_ins=Guessable(
            frozenset({"wrong_access_code", "wrong_one_time_code"}),
            Penalties("sign-in", counters, free=settings.wrong_secrets_per_hour),
        ),
        admin_tokens=Guessable(
            frozenset({"invalid_token"}), Penalties("admin", counters, free=settings.wrong_secrets_per_hour)
        ),
        in_progress=ConcurrencyLimit(settings.requests_in_progress),
    )


async def desk_of(
    settings: GatewaySettings,
    chassis: Chassis,
    commands: CommandClient,
    codes: AccessCodes,
    claims: Claims,
    keys: IdempotencyKeys,
    counters: Counters,
) -> Desk:
    """Return the routes' dependencies, and keep up what they store."""
    engine, keyed = chassis.engine, KeyedHash(settings.code_pepper)
    tokens, api_keys = Tokens(settings.jwt_secret, settings.token_seconds), ApiKeys(keyed)
    hooks = await _hooks(settings, chassis, Sealer(keyed, "webhook secret"))
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

    def limit(name: str, times: int, seconds: float = WINDOW_SECONDS) -> SharedLimit:
        return SharedLimit(name, times, counters, window_seconds=seconds)

    return Desk(
        engine=chassis.engine,
        read_models=chassis.read_models,
        commands=commands,
        accounts=Accounts(chassis.engine, codes),
        codes=codes,
        door=Door(
            engine,
            tokens,
            api_keys,
            uses=uses,
            foreign=_foreign(settings),
            operators_token=settings.admin_token if settings.admin_token.get_secret_value() else None,
        ),
        activity=activity,
        tokens=tokens,
        devices=devices,
        second_factors=second_factors,
        api_keys=api_keys,
        hooks=hooks,
        sign_ins_a_day=limit("sign-ins/d", settings.writes_per_day, DAY_SECONDS),
        wrong_one_time_codes=RateLimit(WRONG_ONE_TIME_CODES_PER_DAY, window_seconds=DAY_SECONDS),
        tickets=tickets,
        one_time_codes=limit("one-time codes", ONE_TIME_CODES_PER_MINUTE),
        ticket_limit=limit("tickets", TICKETS_PER_MINUTE),
        webhook_tests=limit("webhook tests", WEBHOOK_TESTS_PER_MINUTE),
        refreshes=limit("refreshes", REFRESHES_PER_MINUTE),
        sign_ins=limit("sign-ins", settings.sign_ins_per_minute),
        checkouts=limit("checkouts", settings.checkouts_per_minute),
        checkouts_hourly=limit("checkouts/h", settings.checkouts_per_hour, HOUR_SECONDS),
        payment_looks=SharedLimit("looks", settings.payment_looks_per_minute, counters, frequent=True),
        writes=limit("writes", settings.writes_per_minute),
        writes_a_day=limit("writes/d", settings.writes_per_day, DAY_SECONDS),
        turns=Turns(),
        claims=claims,
        keys=keys,
        coins=settings.coins,
        timeout_seconds=settings.read_your_writes_seconds,
        forwarding=lambda: ask_forwarder(chassis.nats, settings.nats_prefix),
        refused_sales=RefusedSales(chassis.engine, mail=settings.mails_to_operator),
        attention_share=settings.attention_percent / 100,
    )


async def _hooks(settings: GatewaySettings, chassis: Chassis, sealer: Sealer) -> Hooks:
    """Return the webhooks of accounts, and keep their messages being sent."""
    private = settings.webhooks_private_networks
    resolver = SystemResolver()
    poster = poster_for(resolver, private_networks=private)
    hooks = Hooks(chassis.engine, poster, sealer, private_networks=private)
    await hooks.make_tables()
    chassis.task("webhooks", Sender(chassis.engine, poster, sealer).run)
    chassis.on_stop(resolver.close)
    return hooks


def _foreign(settings: GatewaySettings) -> ForeignTokens | None:
    if not settings.foreign_jwt_secret.get_secret_value():
        return None
    return ForeignTokens(
        settings.foreign_jwt_secret, settings.foreign_jwt_issuer, settings.foreign_jwt_audience
    )
