"""Looks up accounts, devices and API keys by credentials, in the state tables."""

from collections.abc import Sequence
from uuid import UUID

from libs.events.gateway import ApiKeyId
from libs.events.values import AccountId
from libs.eventsourcing import Engine, Row, Sql
from services.gateway.api.identity.shared_query import SharedQuery

_BY_DEVICE = """
select asked.turn, a.role, a.epoch, a.epoch_at, a.suspended_for, a.second_factor,
       asked.device is null or d.device is not null as signed_in
from unnest($1::uuid[], $2::uuid[]) with ordinality as asked (account, device, turn)
join accounts a on a.account = asked.account
left join devices d on d.device = asked.device and d.account = a.account and d.epoch = a.epoch
"""
_BY_KEY = """
select asked.turn, a.account, a.role, a.epoch, a.epoch_at, a.suspended_for, a.second_factor,
       true as signed_in, k.digest, k.scopes, k.expires_at
from unnest($1::uuid[]) with ordinality as asked (key, turn)
join api_keys k on k.key = asked.key join accounts a on a.account = k.account
"""


class CredentialLookup:
    """Looks up what a credential stands for now; requests that ask at the same time share a statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._devices = SharedQuery(self._of_devices)
        self._keys = SharedQuery(self._of_keys)

    async def of_device(self, account: AccountId, device: UUID | None) -> Row | None:
        """Return an account, and whether the device, if any, is signed in; None without such an account."""
        return await self._devices.ask((account, device))

    async def of_key(self, key: ApiKeyId) -> Row | None:
        """Return an API key and its account; None if there is no such key, or it was revoked."""
        return await self._keys.ask(key)

    async def _of_devices(self, asked: Sequence[tuple[AccountId, UUID | None]]) -> Sequence[Row | None]:
        accounts, devices = zip(*asked, strict=True)
        return await self._rows(len(asked), _BY_DEVICE, accounts, devices)

    async def _of_keys(self, asked: Sequence[ApiKeyId]) -> Sequence[Row | None]:
        return await self._rows(len(asked), _BY_KEY, asked)

    async def _rows(self, number: int, query: str, *values: Sequence[UUID | None]) -> Sequence[Row | None]:
        """Return a row for each of so many that were asked for, in their order."""

        async def question(sql: Sql) -> Sequence[Row]:
            return await sql.fetch(query, *values)

        found: list[Row | None] = [None] * number
        for row in await self._engine.query(question):
            found[row["turn"] - 1] = row
        return found
