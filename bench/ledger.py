"""A made-up service for measurements: accounts that are credited, with events of 340 bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.eventsourcing import Decider, Event, EventCatalogue, Projection, TableSql

SERVICE = "ledger"
PAD = "y" * 240
ACCOUNTS = 1000


class Credited(Event):
    """An account was credited."""

    account: str
    amount: int
    pad: str = PAD


@dataclass(frozen=True)
class Credit:
    """Credit an account."""

    account: str


def decide(command: Credit, count: int | None) -> Sequence[Credited]:
    """Return the event of the credit."""
    del count
    return [Credited(account=command.account, amount=1)]


def evolve(count: int | None, event: Credited) -> int:
    """Add the amount."""
    del event
    return (count or 0) + 1


ACCOUNT: Decider[Credit, int, Credited] = Decider("account", decide, evolve)
CATALOGUE = EventCatalogue([Credited])


UPSERT = (
    "insert into balances as b values ($1, $2, 1) "
    "on conflict (account) do update set amount = b.amount + $2, events = b.events + 1"
)


def balances() -> Projection:
    """Return a projection: the balance of every account."""
    table = Projection(
        "balances",
        version=1,
        ddl="create table balances (account text primary key, amount bigint not null, events bigint)",
    )

    @table.on(Credited)
    async def credited(event: Credited, sql: TableSql) -> None:
        await sql.execute(UPSERT, event.account, event.amount)

    del credited
    return table
