"""The wiring of the gateway."""

from datetime import timedelta

import structlog
from fastapi import FastAPI

from libs.chassis.command_client import CommandClient
from libs.chassis.connections import ConnectionLimits
from libs.chassis.service import Chassis
from libs.chassis.settings import variable
from libs.chassis.signing import MessageSigner
from libs.eventsourcing.background import forget_days, repeat
from libs.eventsourcing.values import utc_now
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.api.app import make_app
from services.gateway.api.desk import Desk
from services.gateway.api.requests.counters import Counters
from services.gateway.api.requests.gate import Gate
from services.gateway.api.web_files import BUILT
from services.gateway.api.webhook.notification import Webhook
from services.gateway.api.webhook.verifying import SignatureVerifier
from services.gateway.checkout.claims import Claims
from services.gateway.context import Context
from services.gateway.live.feeds import Feeds
from services.gateway.notices.conditions import Thresholds
from services.gateway.notices.watching import Watch, WatchSettings
from services.gateway.personal import addresses
from services.gateway.registry import REGISTRY
from services.gateway.settings import GatewaySettings
from services.gateway.tables.changes import CHANGES, CHANGES_KEPT
from services.gateway.tables.deliveries import DELIVERIES
from services.gateway.wiring.mails import mail_notices, send_mails
from services.gateway.wiring.routes import gate_of, health_of, keys_of, make_desk

log = structlog.stdlib.get_logger()

RECONNECT_SECONDS = 3.0
"""How long a request waits for the broker, which a restart keeps away for a moment, before it is answered."""


async def run(settings: GatewaySettings) -> None:
    """Serve the API until it is cancelled."""
    app = make_app(settings.web_folder or BUILT)
    if settings.vault_key is None:
        name = variable(GatewaySettings, "vault_public_key")
        log.warning("uploads.refused", reason=f"{name} is not set; `adrelay keygen --public` prints it")
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
        keyed = KeyedHash(settings.code_peppers)
        codes = AccessCodes(keyed)
        await _forget_old_days(settings, chassis)  # before days would be folded that are not kept
        chassis.task("old days", lambda: repeat("old days", lambda: _forget_old_days(settings, chassis)))
        await addresses.make_tables(chassis.engine)
        chassis.task(
            "unplaced orders",
            lambda: repeat("unplaced orders", lambda: addresses.forget_unplaced(chassis.engine)),
        )
        claims = Claims(chassis.engine, keyed)
        await claims.make_tables()
        keys = keys_of(settings, chassis)
        await keys.make_tables()
        chassis.task("old keys", lambda: repeat("old keys", lambda: keys.forget_old(utc_now())))
        counters = Counters(chassis.engine, settings.code_pepper)
        await counters.make_tables()
        chassis.task("old counters", lambda: repeat("old counters", counters.sweep))
        signer = MessageSigner.of(settings.command_key.get_secret_value())
        commands = CommandClient(
            chassis.nats,
            signer,
            prefix=settings.nats_prefix,
            timeout_seconds=settings.command_seconds,
            reconnect_seconds=RECONNECT_SECONDS,
        )
        live = Feeds(
            chassis.engine,
            chassis.read_models,
            chassis.stream,
            most=settings.listeners,
            most_per_account=settings.listeners_per_account,
        )
        furnish(
            app,
            await make_desk(settings, chassis, signer, commands, keyed, claims, keys, counters),
            Webhook(SignatureVerifier(settings.ipn_secrets), commands),
            live,
            gate_of(settings, counters),
        )
        for feed in live.all:
            chassis.task(f"live {feed.name}", feed.run)
        chassis.on_stop(live.stop)
        context = Context(codes, mails=settings.mails, operator_mails=settings.mails_to_operator)
        chassis.take_on(REGISTRY, context)
        chassis.task("notices", watch_of(settings, chassis, signer).run)
        if settings.mails:
            chassis.task("outbox", lambda: send_mails(settings, chassis, codes))
        if settings.mails_to_operator:
            chassis.task("notice mails", lambda: mail_notices(settings, chassis))
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


def watch_of(settings: GatewaySettings, chassis: Chassis, signer: MessageSigner) -> Watch:
    """Return what looks for conditions of which the operator is told."""
    return Watch(
        chassis.engine,
        health_of(settings, chassis, signer),
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
