"""The forwarder's processes: the service, and any number of workers."""

from datetime import timedelta

import structlog

from libs.chassis.service import Chassis
from libs.chassis.settings import InvalidSettings, variable
from libs.events.forwarding import ShowForwarding
from services.forwarder.adapters.telegram.messenger import TelethonTelegram
from services.forwarder.adapters.wakeups import Wakeups
from services.forwarder.context import Context
from services.forwarder.pool.figures import FiguresOfPool
from services.forwarder.pool.pool import Pool
from services.forwarder.pool.sweeping import sweep
from services.forwarder.registry import REGISTRY
from services.forwarder.schema import make_tables
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.forwarder.vault.accounts import VaultAccounts
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.store import Vault

log = structlog.stdlib.get_logger()


async def run(settings: ForwarderSettings) -> None:
    """Run the service until it is cancelled; forward too, if the settings say so."""
    async with _chassis(settings) as chassis:
        vault, telegram = Vault(Cipher(decode_keys(settings.vault_keys))), TelethonTelegram(settings)
        await make_tables(chassis.engine)
        await _check_keys(chassis, vault)
        await _reseal(chassis, vault)
        await sweep(chassis.engine)  # so that tables of an earlier version equal a fresh fold
        wakeups = Wakeups(chassis.nats, settings.nats_prefix)
        chassis.engine.on_commit(wakeups.committed)
        chassis.task("wake-ups", wakeups.keep_sending)
        cycle_timeout = timedelta(seconds=settings.max_wait_in_cycle_seconds)
        chassis.take_on(REGISTRY, Context(vault, telegram, SessionReader(), cycle_timeout))
        figures = FiguresOfPool(chassis.engine, cycle_timeout)
        chassis.task("figures", figures.run)
        chassis.answering.answer(ShowForwarding, lambda _: figures.now())
        if settings.runs_pool:
            accounts = VaultAccounts(chassis.engine, vault, telegram)
            chassis.task("pool", Pool(chassis.engine, accounts, settings).run)
        await chassis.run()


async def run_worker(settings: ForwarderSettings) -> None:
    """Run a worker until it is cancelled; relay, if the service itself does not."""
    async with _chassis(settings) as chassis:
        vault, telegram = Vault(Cipher(decode_keys(settings.vault_keys))), TelethonTelegram(settings)
        await make_tables(chassis.engine)
        await _check_keys(chassis, vault)
        pool = Pool(chassis.engine, VaultAccounts(chassis.engine, vault, telegram), settings)
        wakeups = Wakeups(chassis.nats, settings.nats_prefix)
        chassis.task("wake-ups", lambda: wakeups.keep_listening(pool.wake))
        chassis.task("pool", pool.run)
        await chassis.run()


def _chassis(settings: ForwarderSettings) -> Chassis:
    return Chassis(settings, state_tables=REGISTRY.state_tables, read_models=REGISTRY.read_models)


async def _check_keys(chassis: Chassis, vault: Vault) -> None:
    """Check that the vault can be decrypted; raise `InvalidSettings` naming the missing keys."""
    missing = await chassis.engine.query(vault.missing_keys)
    if missing:
        problem = (
            f"{variable(ForwarderSettings, 'vault_keys')} lacks a key that the vault was sealed with "
            f"({', '.join(missing)}): put the earlier key back, behind the new one and a comma"
        )
        raise InvalidSettings([problem])


async def _reseal(chassis: Chassis, vault: Vault) -> None:
    """Re-encrypt secrets of older keys with the first one, so that the older can be dropped."""
    while done := await chassis.engine.query(vault.reseal):
        log.info("vault.resealed", secrets=done)
