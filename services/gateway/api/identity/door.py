"""Resolves what a request presents to a principal, by the accounts as they are now."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

from libs.events.gateway import ApiKeyId, Role, Scope
from libs.events.values import AccountId
from libs.eventsourcing import Row
from libs.eventsourcing.values import utc_now
from services.gateway.api.identity.api_keys import PREFIX, ApiKeys, PresentedKey
from services.gateway.api.identity.credential_lookup import CredentialLookup
from services.gateway.api.identity.key_uses import KeyUses
from services.gateway.api.identity.principal import SCOPES, CredentialKind, Principal
from services.gateway.api.identity.tokens import LONGEST, ForeignClaims, ForeignTokens, TokenClaims, Tokens
from services.gateway.api.requests.problems import Denied, forbidden, unauthorized


class Door:
    """The one place where credentials become principals."""

    def __init__(
        self,
        lookup: CredentialLookup,
        tokens: Tokens,
        keys: ApiKeys,
        *,
        uses: KeyUses,
        foreign: ForeignTokens | None,
        operators_tokens: Sequence[SecretStr],
    ) -> None:
        self._lookup = lookup
        self._tokens = tokens
        self._keys = keys
        self._uses = uses
        self._foreign = foreign
        self._operators_tokens = operators_tokens

    async def principal(self, credential: str, address: str) -> Principal:
        """Return the principal of a bearer credential; raise `Denied` unless it is valid at present."""
        presented = self.check(credential)
        match presented:
            case TokenClaims():
                row = await self._lookup.of_device(presented.account, presented.device)
                if row is None or not row["signed_in"] or row["epoch"] != presented.epoch:
                    raise _signed_out(row)
                return self._of_account(
                    row,
                    presented.account,
                    CredentialKind.TOKEN,
                    presented.device,
                    scopes=frozenset(Scope),
                    address=address,
                    expires_at=presented.expires_at,
                )
            case ForeignClaims():
                return await self._of_foreign(presented, address)
            case PresentedKey():
                return await self._of_key(presented, address)
            case None:
                scopes = frozenset(Scope)
                kind = CredentialKind.OPERATORS_TOKEN
                return Principal(None, Role.ADMIN, kind, None, scopes, address, 0, None)

    def check(self, credential: str) -> TokenClaims | ForeignClaims | PresentedKey | None:
        """Return what a credential says, None for the operator's token; raise `Denied` for made-up ones.

        It costs no query: what was valid once and is revoked passes.
        """
        if self._is_operators(credential):
            return None
        if credential.startswith(PREFIX):
            presented = self._keys.read(credential) if len(credential) <= LONGEST else None
            if presented is None:
                raise unauthorized("invalid_token", "this is no API key of ours")
            return presented
        if self._foreign is not None and not self._tokens.is_ours(credential):
            return self._foreign.read(credential)
        return self._tokens.read(credential)

    async def still_valid(self, principal: Principal) -> bool:
        """Return whether an open connection of a principal may go on."""
        if principal.expires_at is not None and principal.expires_at <= utc_now():
            return False
        if principal.account is None:
            return True
        if principal.kind is CredentialKind.API_KEY and principal.credential is not None:
            row = await self._lookup.of_key(ApiKeyId(principal.credential))
        else:
            row = await self._lookup.of_device(principal.account, principal.credential)
        if row is None or row["suspended_for"] is not None:
            return False
        return bool(row["signed_in"]) and row["epoch"] == principal.epoch

    def _is_operators(self, credential: str) -> bool:
        tokens = (token.get_secret_value().encode() for token in self._operators_tokens)
        return any(hmac.compare_digest(credential.encode(), token) for token in tokens)

    async def _of_foreign(self, claims: ForeignClaims, address: str) -> Principal:
        """Return the principal of another issuer's token, which never makes anybody an admin."""
        row = await self._lookup.of_device(claims.account, None)
        if row is None:
            raise unauthorized("invalid_token", "this token's account does not exist")
        if claims.issued_at <= row["epoch_at"]:  # whole seconds: it may have been issued before the epoch
            raise _signed_out(row)
        return self._of_account(
            row,
            claims.account,
            CredentialKind.FOREIGN_TOKEN,
            None,
            scopes=SCOPES[Role.CLIENT],
            address=address,
            expires_at=claims.expires_at,
        )

    async def _of_key(self, presented: PresentedKey, address: str) -> Principal:
        row = await self._lookup.of_key(presented.key)
        if row is None or not hmac.compare_digest(row["digest"].encode(), presented.digest.encode()):
            raise unauthorized("invalid_token", "this API key was revoked")
        expires_at: datetime | None = row["expires_at"]
        if expires_at is not None and expires_at <= utc_now():
            raise unauthorized("token_expired", "this API key has expired")
        principal = self._of_account(
            row,
            AccountId(row["account"]),
            CredentialKind.API_KEY,
            presented.key,
            scopes=frozenset({Scope.READ, *(Scope(scope) for scope in row["scopes"])}),
            address=address,
            expires_at=expires_at,
        )
        self._uses.note(ApiKeyId(presented.key), address)
        return principal

    def _of_account(
        self,
        row: Row,
        account: AccountId,
        kind: CredentialKind,
        credential: UUID | None,
        *,
        scopes: frozenset[Scope],
        address: str,
        expires_at: datetime | None,
    ) -> Principal:
        """Return the principal, with what both its role and its credential allow.

        Without a second factor an admin is as good as a client. Raise `Denied` if the account is suspended.
        """
        if row["suspended_for"] is not None:
            raise forbidden("account_suspended", row["suspended_for"])
        role = Role(row["role"])
        allowed = scopes & SCOPES[role if row["second_factor"] else Role.CLIENT]
        return Principal(account, role, kind, credential, allowed, address, row["epoch"], expires_at)


def _signed_out(row: Row | None) -> Denied:
    if row is None:
        return unauthorized("invalid_token", "this token's account does not exist")
    if row["suspended_for"] is not None:
        return forbidden("account_suspended", row["suspended_for"])
    return unauthorized("signed_out", "this device was signed out; sign in again")
