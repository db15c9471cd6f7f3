"""What the forwarder does when it is told to."""

import asyncio
from datetime import timedelta

import structlog

from libs.chassis.commands import CommandHandlers, Scope
from libs.events.forwarder import ImportApiPair, ImportSession
from libs.events.values import PairId, ResultClass
from libs.eventsourcing.decider import Refused
from libs.eventsourcing.unit import UnitOfWork
from services.forwarder.client.domain import CLIENT, Import
from services.forwarder.client.tables import has_session
from services.forwarder.errors import classify
from services.forwarder.pair.domain import PAIR
from services.forwarder.pair.domain import Import as ImportPair
from services.forwarder.ports import Identity, Telegram, TelegramError, Unreachable
from services.forwarder.vault.sessions import SessionKey, Unreadable, read_session
from services.forwarder.vault.store import ApiPair, Vault

log = structlog.stdlib.get_logger()

CHECK_SECONDS = 10.0
"""How long a session may take to sign in; a command's sender waits a little longer."""
CLAIM = timedelta(seconds=60)
_WRONG_PAIR = frozenset({"API_ID_INVALID", "API_ID_PUBLISHED_FLOOD"})


def handlers(vault: Vault, telegram: Telegram) -> CommandHandlers:
    """Return what carries out the forwarder's commands."""
    commands = CommandHandlers()

    @commands.on(ImportApiPair)
    async def import_pair(command: ImportApiPair, unit: UnitOfWork) -> None:
        """Put an API pair into the vault."""
        if await unit.load(PAIR, command.pair) is None:
            secret = ApiPair(command.api_id, command.api_hash.get_secret_value())
            if not await vault.put_pair(unit.sql, command.pair, secret):
                raise Refused("pair_exists", f"the api_id {command.api_id} is in the vault already")
        await unit.execute(PAIR, command.pair, ImportPair(command.pair, command.api_id))

    @commands.outside(ImportSession)
    async def import_session(command: ImportSession, scope: Scope) -> None:
        """Read a session, sign in with it once, and put it into the vault."""
        try:
            secret = read_session(command.content.get_secret_value())
        except Unreadable as error:
            raise Refused("unreadable_session", str(error)) from None
        if not telegram.knows(secret.dc):
            raise Refused("unreadable_session", f"there is no data centre {secret.dc}")
        pair = await _claim(command, secret, scope, vault)
        if pair is None:
            return
        try:
            identity = await _sign_in(telegram, secret, pair)
            await scope.run(lambda unit: _store(command, secret, identity, unit, vault))
        finally:
            await scope.run(lambda unit: vault.release_check(unit.sql, command.session))

    del import_pair, import_session
    return commands


async def _claim(command: ImportSession, secret: SessionKey, scope: Scope, vault: Vault) -> ApiPair | None:
    """Return the pair to sign in with; None if the session is in the vault under this id already.

    A session that is in the vault may be connected in a worker: to connect it here too would end it.
    """

    async def work(unit: UnitOfWork) -> ApiPair | None:
        known = await vault.known(unit.sql, secret)
        if known == command.session:
            return None
        if known is not None or await vault.session(unit.sql, command.session) is not None:
            raise Refused("session_exists", "this session was uploaded before")
        pair = await _pair(command.pair, unit, vault)
        if not await vault.claim_check(unit.sql, command.session, secret, CLAIM):
            raise Refused("session_exists", "another upload of this session is being checked")
        return pair

    return await scope.run(work)


async def _pair(wanted: PairId | None, unit: UnitOfWork, vault: Vault) -> ApiPair:
    pair = await vault.pair(unit.sql, wanted)
    if pair is not None:
        return pair
    if wanted is None:
        raise Refused("no_api_pair", "add an API pair first: Telegram lets nobody connect without one")
    raise Refused("unknown_api_pair", f"the vault holds no API pair {wanted}")


async def _sign_in(telegram: Telegram, secret: SessionKey, pair: ApiPair) -> Identity:
    account = telegram.account(secret, pair)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await account.connect()
            return await account.identity()
    except (Unreachable, TimeoutError) as error:
        raise Refused("telegram_unreachable", f"Telegram does not answer ({error})") from None
    except TelegramError as error:
        raise _refusal(error) from None
    finally:
        await account.close()


def _refusal(error: TelegramError) -> Refused:
    log.info("session.check_failed", error=error.name)
    if error.name in _WRONG_PAIR:
        return Refused("unknown_api_pair", f"Telegram does not know this API pair: {error.name}")
    if classify(error.name, error.code) in {ResultClass.SESSION_LOST, ResultClass.ACCOUNT_FROZEN}:
        return Refused("session_dead", f"Telegram answers {error.name}")
    return Refused("telegram_unreachable", f"Telegram answers {error.name}; try again later")


async def _store(
    command: ImportSession, secret: SessionKey, identity: Identity, unit: UnitOfWork, vault: Vault
) -> None:
    await vault.put_account(unit.sql, identity.user, command.session)
    if await has_session(unit.sql, identity.user):
        raise Refused("account_exists", "another session of this Telegram account is in the vault and alive")
    await vault.put_session(unit.sql, command.session, secret)
    await unit.execute(
        CLIENT,
        command.session,
        Import(command.session, identity.user, identity.phone, command.pair, unit.at),
    )
