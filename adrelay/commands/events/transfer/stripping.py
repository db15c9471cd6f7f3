"""`adrelay events strip-addresses`: removes e-mail addresses from events of earlier versions."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import typer

from adrelay.commands.events.tables.folded import all_tables, folds
from adrelay.commands.events.transfer.republish import fill_anew
from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark, screen
from libs.eventsourcing.operations import (
    Connection,
    HoldingEvent,
    Purpose,
    ServiceTables,
    dead_letters_holding,
    events_holding,
    events_matching,
    free_rows,
    mask,
    rebuilding,
    stored_tables,
    strip,
)

TYPES = ("OrderPlaced", "AccountRegistered", "NotificationRaised")
FIELD, OWNER = "email", "account"
REASONS, REASON = "MailGivenUp", "reason"
"""Mail servers' replies, which may quote the recipient's address."""
ADDRESS = r"""[^\s<>"'(),:;]+@[^\s<>"'(),:;]+"""
_RUNNING = frozenset({"state", "read"})
_UNKNOWN = """
select held.account from unnest($1::uuid[]) as held (account)
where not exists (select from personal.addresses p where p.account = held.account and p.email <> '')
  and not exists (select from erased_accounts.erased_accounts e where e.account = held.account)
limit 1
"""


@dataclass(frozen=True)
class _Found:
    """What a store holds: events and dead letters with an address, and tables of earlier versions."""

    events: list[HoldingEvent]
    reasons: list[UUID]
    dead_letters: int
    shadow_tables: list[str]

    @property
    def count(self) -> int:
        """How many events hold an address."""
        return len(self.events) + len(self.reasons)


async def strip_addresses(servers: ServerOptions, *, dry: bool, yes: bool, json: bool) -> Exit:
    """Remove the addresses from the stores, drop the tables of earlier versions, and fill the stream anew."""
    known = await all_tables(servers)
    async with (
        stores(servers.databases(None, writing=True), writing=True) as connections,
        streaming(servers.broker(), absent=True) as stream,
        folds(),
    ):
        found = {service: await _look(known[service], connections[service]) for service in connections}
        await _check_known(connections["gateway"], found)
        if json:
            print_json([_document(service, one) for service, one in found.items()])
        else:
            _print(found)
        if dry:
            return Exit.FOUND if any(one.count or one.dead_letters for one in found.values()) else Exit.OK
        question = "Remove the addresses for ever, drop these tables, and fill the stream anew?"
        if not yes and not await asyncio.to_thread(typer.confirm, question, err=True):
            return Exit.FOUND
        for service, one in found.items():
            connection = connections[service]
            await strip(connection, TYPES, FIELD, [event.id for event in one.events])
            await mask(connection, REASONS, REASON, ADDRESS, one.reasons)
            await free_rows(connection)
            for name in one.shadow_tables:
                await rebuilding.discard(known[service], name, frozenset(Purpose))
        await fill_anew(known, stream)
    if not json:
        screen().print("✓ neither the stores nor the stream hold addresses any more")
    return Exit.OK


async def _look(tables: ServiceTables, connection: Connection) -> _Found:
    """Return what a store holds; raise `Unusable` if its service still has tables of an earlier version."""
    running = {one.name: one.version for one in await stored_tables(connection) if one.kind in _RUNNING}
    if any(running.get(table.name) != table.version for table in tables.all):
        raise Unusable(f"start {tables.service} with this version first: it has not migrated its tables yet")
    return _Found(
        await events_holding(connection, TYPES, FIELD, OWNER),
        await events_matching(connection, REASONS, REASON, ADDRESS),
        await dead_letters_holding(connection, TYPES, FIELD),
        sorted({one.name for one in await rebuilding.shadow_tables(tables)}),
    )


async def _check_known(gateway: Connection, found: Mapping[str, _Found]) -> None:
    """Raise `Unusable` if an address would be lost that the gateway does not have outside of events."""
    accounts = {UUID(event.owner) for one in found.values() for event in one.events if event.owner}
    unknown = await gateway.fetchval(_UNKNOWN, list(accounts))
    if unknown is not None:
        raise Unusable(
            f"the gateway does not know the address of the account {unknown} yet, which only events have; "
            "see `adrelay events lag`, and wait until its readers have caught up"
        )


def _document(service: str, found: _Found) -> dict[str, object]:
    return {
        "service": service,
        "events": found.count,
        "dead_letters": found.dead_letters,
        "shadow_tables": found.shadow_tables,
    }


def _print(found: Mapping[str, _Found]) -> None:
    for service, one in found.items():
        counts = f"{one.count:>10,} events and {one.dead_letters:,} dead letters with an address"
        screen().print(f"{service:<13} {counts}")
        if one.shadow_tables:
            remark(f"{service}: archived and unfinished tables are dropped: {', '.join(one.shadow_tables)}")
