"""What the forwarder does when it is told to."""

from libs.chassis.commands import CommandHandlers, Scope
from libs.events.forwarder import ImportApiPair, ImportSession
from libs.eventsourcing import Refused, UnitOfWork
from services.forwarder.pair.commands import Import as ImportPair
from services.forwarder.pair.domain import PAIR
from services.forwarder.ports import Telegram
from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.store import ApiPair, Vault
from services.forwarder.vault.uploading import import_session


def handlers(vault: Vault, telegram: Telegram) -> CommandHandlers:
    """Return what carries out the forwarder's commands."""
    commands = CommandHandlers()
    reader = SessionReader()

    @commands.on(ImportApiPair)
    async def import_pair(command: ImportApiPair, unit: UnitOfWork) -> None:
        """Put an API pair into the vault."""
        if await unit.load(PAIR, command.pair) is None:
            secret = ApiPair(command.api_id, command.api_hash.get_secret_value())
            if not await vault.put_pair(unit.flushed, command.pair, secret):
                raise Refused("pair_exists", f"the api_id {command.api_id} is in the vault already")
        await unit.execute(PAIR, command.pair, ImportPair(command.pair, command.api_id))

    @commands.outside(ImportSession)
    async def upload(command: ImportSession, scope: Scope) -> None:
        """Check a session, and put it into the vault."""
        await import_session(command, scope, vault, telegram, reader)

    del import_pair, upload
    return commands
