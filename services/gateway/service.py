"""Where the gateway's parts are made and put together."""

from fastapi import FastAPI

from libs.chassis.commands import CommandClient
from libs.chassis.service import Chassis
from services.gateway.account.codes import AccessCodes
from services.gateway.account.registering import Accounts
from services.gateway.account.tables import ACCOUNTS
from services.gateway.api.app import make_app
from services.gateway.api.desk import Desk, Turns
from services.gateway.api.limits import RateLimit
from services.gateway.api.tokens import Tokens
from services.gateway.settings import GatewaySettings
from services.gateway.tables import READ_MODELS


async def run(settings: GatewaySettings) -> None:
    """Serve the API until told to stop."""
    app = make_app()
    async with Chassis(
        settings, state_tables=[ACCOUNTS], read_models=READ_MODELS, read_everything=True, app=app
    ) as chassis:
        furnish(app, desk_of(settings, chassis))
        await chassis.run()


def furnish(app: FastAPI, desk: Desk) -> None:
    """Let the routes find what they work with."""
    app.state.desk = desk


def desk_of(settings: GatewaySettings, chassis: Chassis) -> Desk:
    """Return what the routes work with."""
    codes = AccessCodes(settings.code_pepper)
    return Desk(
        engine=chassis.engine,
        read_models=chassis.read_models,
        commands=CommandClient(
            chassis.nats, prefix=settings.nats_prefix, timeout_seconds=settings.command_seconds
        ),
        accounts=Accounts(chassis.engine, codes),
        codes=codes,
        tokens=Tokens(settings.jwt_secret, settings.token_seconds),
        admin_token=settings.admin_token,
        sign_ins=RateLimit(settings.sign_ins_per_minute),
        checkouts=RateLimit(settings.checkouts_per_minute),
        turns=Turns(),
        patience_seconds=settings.read_your_writes_seconds,
    )
