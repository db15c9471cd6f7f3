"""Import of a session into the vault: read it, sign in with it once, then store it."""

import asyncio
from datetime import timedelta

import structlog

from libs.events.commands.forwarder import ImportSession
from libs.events.values import ApplicationId, ResultClass
from libs.eventsourcing import Refused, Scope, UnitOfWork
from services.forwarder.client.commands import Import
from services.forwarder.client.domain import CLIENT
from services.forwarder.client.tables import has_session
from services.forwarder.ports import Identity, MessengerError, Unreachable
from services.forwarder.vault.accounts import Telegram
from services.forwarder.vault.opening import session_in
from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.sessions import SessionKey, Unreadable
from services.forwarder.vault.store import Credentials, TelegramApplication, Vault

log = structlog.stdlib.get_logger()

CHECK_SECONDS = 10.0
"""How long a sign-in may take, in seconds; a command's sender has a longer timeout."""
CLAIM = timedelta(seconds=60)


async def import_session(
    command: ImportSession, scope: Scope, vault: Vault, telegram: Telegram, reader: SessionReader
) -> None:
    """Read a session, sign in with it once, and store it in the vault.

    Raises `Refused`: `unreadable_session`, `session_exists`, `account_exists`, `no_api_pair`,
    `unknown_api_pair`, `session_dead`, `telegram_unreachable`, `unknown_vault_key`, `unopenable_secret`.
    """
    try:
        secret = await reader.read(session_in(command, vault.private_keys).get_secret_value())
    except Unreadable as error:
        raise Refused("unreadable_session", str(error)) from None
    if not telegram.knows(secret):
        raise Refused("unreadable_session", f"there is no data centre {secret.dc}")
    await scope.run(lambda unit: _claim(command, secret, unit, vault))
    try:
        # a new unit of work sees the session that the claim's previous owner stored before its release
        application = await scope.run(lambda unit: _application_to_check_with(command, secret, unit, vault))
        if application is not None:
            identity = await _sign_in(telegram, secret, application)
            await scope.run(lambda unit: _store(command, secret, identity, unit, vault))
    finally:
        await scope.run(lambda unit: vault.release_check(unit.flushed, command.session))


async def _claim(command: ImportSession, secret: SessionKey, unit: UnitOfWork, vault: Vault) -> None:
    if not await vault.claim_check(unit.flushed, command.session, secret, CLAIM):
        raise Refused("session_exists", "another upload of this session is being checked")


async def _application_to_check_with(
    command: ImportSession, secret: SessionKey, unit: UnitOfWork, vault: Vault
) -> TelegramApplication | None:
    """Return the application to sign in with; None if the session is stored under this id already.

    A stored session may be connected in a worker: a second connection here would end it.
    """
    known = await vault.known(unit.flushed, secret)
    if known == command.session:
        return None
    if known is not None or await vault.session(unit.flushed, command.session) is not None:
        raise Refused("session_exists", "this session was uploaded before")
    return await _application(command.pair, unit, vault)


async def _application(wanted: ApplicationId | None, unit: UnitOfWork, vault: Vault) -> TelegramApplication:
    application = await vault.application(unit.flushed, wanted)
    if application is not None:
        return application
    if wanted is None:
        raise Refused(
            "no_api_pair", "add a Telegram application first: Telegram lets nobody connect without one"
        )
    raise Refused("unknown_api_pair", f"the vault holds no Telegram application {wanted}")


async def _sign_in(telegram: Telegram, secret: SessionKey, application: TelegramApplication) -> Identity:
    account = await telegram.account(Credentials(secret, application))
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await account.connect()
            return await account.identity()
    except (Unreachable, TimeoutError) as error:
        raise Refused("telegram_unreachable", f"Telegram does not answer ({error})") from None
    except MessengerError as error:
        raise _refusal(error) from None
    finally:
        await account.close()


def _refusal(error: MessengerError) -> Refused:
    log.info("session.check_failed", error=error.name)
    if error.meaning.of_application:
        return Refused("unknown_api_pair", f"Telegram does not know this Telegram application: {error.name}")
    if error.meaning.result in {ResultClass.SESSION_LOST, ResultClass.ACCOUNT_FROZEN}:
        return Refused("session_dead", f"Telegram answers {error.name}")
    return Refused("telegram_unreachable", f"Telegram answers {error.name}; try again later")


async def _store(
    command: ImportSession, secret: SessionKey, identity: Identity, unit: UnitOfWork, vault: Vault
) -> None:
    await vault.put_account(unit.flushed, identity.user, command.session)
    if await has_session(unit.flushed, identity.user):
        raise Refused("account_exists", "another session of this Telegram account is in the vault and alive")
    await vault.put_session(unit.flushed, command.session, secret)
    await unit.execute(
        CLIENT,
        command.session,
        Import(command.session, identity.user, identity.phone, command.pair, unit.at),
    )
