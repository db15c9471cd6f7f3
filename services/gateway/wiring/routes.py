"""What the routes need, and the rules that requests must pass before them."""

import structlog

from libs.chassis.command_client import CommandClient
from libs.chassis.questions import QuestionClient
from libs.chassis.service import Chassis
from libs.chassis.signing import MessageSigner
from libs.events.categories import SERVICES
from libs.eventsourcing.background import repeat
from services.gateway.account import first_codes
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.registering import Accounts
from services.gateway.account.sealing import Sealer
from services.gateway.account.second_factor import SecondFactors
from services.gateway.activity.log import ActivityLog
from services.gateway.adapters.broker import ask_broker
from services.gateway.adapters.health import ask_health
from services.gateway.api.desk import Desk
from services.gateway.api.identity.api_keys import ApiKeys
from services.gateway.api.identity.cookies import RefreshCookies
from services.gateway.api.identity.credential_lookup import CredentialLookup
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
from services.gateway.checkout.claims import Claims
from services.gateway.checkout.turns import Turns
from services.gateway.device.refresh import Devices
from services.gateway.hooks.managing import Hooks
from services.gateway.hooks.network import SystemResolver
from services.gateway.hooks.posting import poster_for
from services.gateway.hooks.sender import Sender
from services.gateway.idempotency.keys import IdempotencyKeys
from services.gateway.notices.ports import AskHealth
from services.gateway.notices.refused_sales import RefusedSales
from services.gateway.settings import GatewaySettings

log = structlog.stdlib.get_logger()

ONE_TIME_CODES_PER_MINUTE = 5
"""How many one-time codes an account may try in a minute."""
WRONG_ONE_TIME_CODES_PER_DAY = 30
"""How many wrong ones it may try in a day: who has the access code guesses right in decades, not in weeks."""

TICKETS_PER_MINUTE = 60
"""How many tickets for sockets an account may get in a minute."""
WEBHOOK_TESTS_PER_MINUTE = 10
"""How many test messages to its webhooks an account may ask for in a minute."""
MARKS_PER_MINUTE = 120
"""How often an account may mark notifications as read in a minute."""
REFRESHES_PER_MINUTE = 120
"""How many refresh tokens a network address may send in a minute."""
RENEW_SECONDS = 60.0
IDLE_RENEW_SECONDS = 600.0
"""How often secrets are sealed anew while there are two peppers, and if none was found the last time."""
_KEY_SPARE_SECONDS = 30.0


def keys_of(settings: GatewaySettings, chassis: Chassis) -> IdempotencyKeys:
    """Return the idempotency keys; a claim outlasts a request, which sends one or two commands."""
    lease = 2 * (settings.command_seconds + settings.read_your_writes_seconds) + _KEY_SPARE_SECONDS
    return IdempotencyKeys(chassis.engine, settings.code_peppers, lease_seconds=lease)


def gate_of(settings: GatewaySettings, counters: Counters) -> Gate:
    """Return the rules that requests must pass before their routes."""
    return Gate(
        proxies=Proxies(settings.trusted_proxies, standard=settings.proxy_headers == "forwarded"),
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


def health_of(settings: GatewaySettings, chassis: Chassis, signer: MessageSigner) -> AskHealth:
    """Return what asks all processes for their health."""
    return lambda: ask_health(chassis.nats, signer, settings.nats_prefix, SERVICES)


async def make_desk(
    settings: GatewaySettings,
    chassis: Chassis,
    signer: MessageSigner,
    commands: CommandClient,
    keyed: KeyedHash,
    claims: Claims,
    keys: IdempotencyKeys,
    counters: Counters,
) -> Desk:
    """Return the routes' dependencies, and keep up what they store."""
    engine, codes, api_keys = chassis.engine, AccessCodes(keyed), ApiKeys(keyed)
    tokens = Tokens(settings.jwt_secrets, settings.token_seconds)
    hooks = await _hooks(settings, chassis, Sealer(keyed, "webhook secret"))
    devices, uses = Devices(engine, keyed, seconds=settings.refresh_seconds), KeyUses(engine)
    second_factors = SecondFactors(engine, keyed)
    activity = ActivityLog(engine, days=settings.activity_days)
    tickets = Tickets(engine)
    await first_codes.make_tables(engine)
    chassis.task("first codes", lambda: repeat("first codes", lambda: first_codes.forget(engine)))
    for stored in (devices, uses, second_factors, activity, tickets):
        await stored.make_tables()
    if len(settings.code_peppers) > 1:

        async def renew_seals() -> float:
            secrets = await second_factors.renew_seals() + await hooks.renew_seals()
            if secrets:
                log.info("secrets.resealed", secrets=secrets)
            return RENEW_SECONDS if secrets else IDLE_RENEW_SECONDS

        await renew_seals()
        chassis.task("seals of another pepper", lambda: repeat("seals of another pepper", renew_seals))
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
            CredentialLookup(engine),
            tokens,
            api_keys,
            uses=uses,
            foreign=_foreign(settings),
            operators_tokens=settings.admin_tokens,
        ),
        activity=activity,
        tokens=tokens,
        devices=devices,
        cookies=RefreshCookies(keyed, settings.site_url),
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
        marks=limit("marks", MARKS_PER_MINUTE),
        turns=Turns(),
        claims=claims,
        keys=keys,
        coins=settings.coins,
        timeout_seconds=settings.read_your_writes_seconds,
        questions=QuestionClient(chassis.nats, signer, prefix=settings.nats_prefix),
        vault_key=settings.vault_key,
        health=health_of(settings, chassis, signer),
        broker=lambda: ask_broker(chassis.nats, chassis.stream.name),
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
    secrets = settings.foreign_jwt_secrets
    if not secrets:
        return None
    return ForeignTokens(secrets, settings.foreign_jwt_issuer, settings.foreign_jwt_audience)
