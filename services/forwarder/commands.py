"""The forwarder's command handlers."""

from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.eventsourcing import CommandHandlers, Refused, Scope, UnitOfWork
from services.forwarder.context import Context
from services.forwarder.telegram_application.commands import Import
from services.forwarder.telegram_application.domain import APPLICATION
from services.forwarder.vault import uploading
from services.forwarder.vault.opening import api_hash_in
from services.forwarder.vault.store import TelegramApplication

commands = CommandHandlers[Context]()


@commands.on(ImportApiPair, context=True)
async def import_application(command: ImportApiPair, unit: UnitOfWork, context: Context) -> None:
    """Store a Telegram application's `api_id` and `api_hash` in the vault."""
    api_hash = api_hash_in(command, context.vault.private_keys)
    if await unit.load(APPLICATION, command.pair) is None:
        secret = TelegramApplication(command.api_id, api_hash.get_secret_value())
        if not await context.vault.put_application(unit.flushed, command.pair, secret):
            raise Refused("pair_exists", f"the api_id {command.api_id} is in the vault already")
    await unit.execute(APPLICATION, command.pair, Import(command.pair, command.api_id))


@commands.outside(ImportSession, context=True)
async def import_session(command: ImportSession, scope: Scope, context: Context) -> None:
    """Check a session, and store it in the vault."""
    await uploading.import_session(command, scope, context.vault, context.telegram, context.reader)
