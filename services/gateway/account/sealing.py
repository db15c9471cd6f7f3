"""Seals what must not be stored in clear, with keys derived from the pepper."""

import os
from contextlib import suppress
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.eventsourcing import Sql
from services.gateway.account.keyed_hash import KeyedHash

_NONCE_BYTES = 12
_PAGE = 500


class Sealer:
    """AES-GCM for one purpose: neither the pepper nor the database alone shows what was sealed."""

    def __init__(self, keyed: KeyedHash, purpose: str) -> None:
        self._ciphers = [AESGCM(each.of(purpose, "key")) for each in keyed.each]

    def seal(self, owner: UUID, secret: bytes) -> bytes:
        """Return a secret of an account or a webhook, sealed; it can be opened for this owner only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret, owner.bytes)

    def open(self, owner: UUID, sealed: bytes) -> bytes | None:
        """Return what was sealed, None if that was with another key or for another owner."""
        for cipher in self._ciphers:
            with suppress(InvalidTag):
                return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes)
        return None

    def renewed(self, owner: UUID, sealed: bytes) -> bytes | None:
        """Return what was sealed with another pepper, sealed with the present one; None for all else."""
        with suppress(InvalidTag):
            self._ciphers[0].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes)
            return None
        secret = self.open(owner, sealed)
        return None if secret is None else self.seal(owner, secret)


async def renew_seals(sql: Sql, sealer: Sealer, table: str, owner: str, column: str) -> int:
    """Seal with the present pepper what a column holds that was sealed with another one; return how much.

    What is changed meanwhile is left. Repeat it: a gateway that was not told of the change yet may still seal
    with the former pepper.
    """
    renewed, last = 0, UUID(int=0)
    while True:
        rows = await sql.fetch(
            f"select {owner} as owner, {column} as sealed from {table} "  # noqa: S608 - names of this program
            f"where {owner} > $1 and {column} is not null order by {owner} limit {_PAGE}",
            last,
        )
        for row in rows:
            last = row["owner"]
            sealed = sealer.renewed(last, row["sealed"])
            if sealed is not None:
                update = f"update {table} set {column} = $3 where {owner} = $1 and {column} = $2"  # noqa: S608
                renewed += await sql.execute(update, last, row["sealed"], sealed)
        if len(rows) < _PAGE:
            return renewed
