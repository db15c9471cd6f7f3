"""The wiring of the gateway."""

import ssl
from datetime import timedelta

from fastapi import FastAPI

from libs.chassis.command_client import CommandClient
from libs.chassis.service import Chassis
from libs.eventsourcing.background import forget_days, repeat
from services.gateway.account.codes import AccessCodes
from services.gateway.account.registering import Accounts
from services.gateway.adapters.forwarding import ask_forwarder
from services.gateway.adapters.health import ask_health
from services.gateway.adapters.smtp import SmtpMailer
from services.gateway.api.app import make_app
from services.gateway.api.desk import Desk
from services.gateway.api.requests.limits import DAY_SECONDS, HOUR_SECONDS, RateLimit
from services.gateway.api.requests.tokens import Tokens
from services.gateway.api.webhook.notification import Webhook
from services.gateway.api.webhook.verifying import SignatureVerifier
from services.gateway.checkout.claims import Claims
from services.gateway.checkout.turns import Turns
from services.gateway.context import Context
from services.gateway.live.live_log import LiveLog
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
from services.gateway.tables.deliveries import DELIVERIES

_LEASE_SPARE_SECONDS = 5.0


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
        await _forget_deliveries(settings, chassis)  # before days would be folded that are not kept
        chassis.task(
            "old deliveries", lambda: repeat("old deliveries", lambda: _forget_deliveries(settings, chassis))
        )
        claims = Claims(chassis.engine, settings.code_pepper)
        await claims.make_tables()
        commands = CommandClient(
            chassis.nats, prefix=settings.nats_prefix, timeout_seconds=settings.command_seconds
        )
        live = LiveLog(
            chassis.engine,
            chassis.read_models,
            most=settings.listeners,
            most_per_account=settings.listeners_per_account,
        )
        furnish(
            app,
            desk_of(settings, chassis, commands, codes, claims),
            Webhook(SignatureVerifier(settings.ipn_secret), commands),
            live,
        )
        chassis.task("live log", live.run)
        chassis.on_stop(live.stop)
        context = Context(codes, mails=settings.mails, operator_mails=settings.mails_to_operator)
        chassis.take_on(REGISTRY, context)
        chassis.task("notices", watch_of(settings, chassis).run)
        if settings.mails:
            chassis.task("outbox", lambda: _send_mails(settings, chassis, codes))
        if settings.mails_to_operator:
            chassis.task("notice mails", lambda: _mail_notices(settings, chassis))
        await chassis.run()


def furnish(app: FastAPI, desk: Desk, webhook: Webhook, live: LiveLog) -> None:
    """Set the app state that the routes use."""
    app.state.live = live
    app.state.desk = desk
    app.state.webhook = webhook


async def _forget_deliveries(settings: GatewaySettings, chassis: Chassis) -> float:
    return await forget_days(chassis.engine, DELIVERIES, timedelta(days=settings.deliveries_days))


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


def desk_of(
    settings: GatewaySettings, chassis: Chassis, commands: CommandClient, codes: AccessCodes, claims: Claims
) -> Desk:
    """Return the routes' dependencies."""
    return Desk(
        engine=chassis.engine,
        read_models=chassis.read_models,
        commands=commands,
        accounts=Accounts(chassis.engine, codes),
        codes=codes,
        tokens=Tokens(settings.jwt_secret, settings.token_seconds),
        admin_token=settings.admin_token,
        sign_ins=RateLimit(settings.sign_ins_per_minute),
        checkouts=RateLimit(settings.checkouts_per_minute),
        checkouts_hourly=RateLimit(settings.checkouts_per_hour, window_seconds=HOUR_SECONDS),
        payment_looks=RateLimit(settings.payment_looks_per_minute),
        writes=RateLimit(settings.writes_per_minute),
        writes_a_day=RateLimit(settings.writes_per_day, window_seconds=DAY_SECONDS),
        turns=Turns(),
        claims=claims,
        timeout_seconds=settings.read_your_writes_seconds,
        forwarding=lambda: ask_forwarder(chassis.nats, settings.nats_prefix),
        refused_sales=RefusedSales(chassis.engine, mail=settings.mails_to_operator),
        attention_share=settings.attention_percent / 100,
    )
