"""Claims of tokens that were verified before: verifying one costs as much as a short read."""

from datetime import datetime
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

from libs.eventsourcing.values import utc_now

MOST_KNOWN = 10_000
_DIGEST_BYTES = 32


class _Claims(Protocol):
    @property
    def expires_at(self) -> datetime:
        """When the token ends."""
        ...


ClaimsT = TypeVar("ClaimsT", bound=_Claims)


class KnownTokens(Generic[ClaimsT]):
    """Remembers what valid tokens say until they expire, by digests: the tokens themselves are not kept.

    What a token says never changes, nor do the secret and the rules that it was verified by while the process
    runs. Whether its account and device are still as it says is asked at each request nevertheless.
    """

    def __init__(self, most: int = MOST_KNOWN) -> None:
        self._most = most
        self._claims: dict[bytes, ClaimsT] = {}

    def get(self, token: str) -> ClaimsT | None:
        """Return the claims of a token, None if it is not known, or has expired."""
        key = _digest(token)
        claims = self._claims.get(key)
        if claims is None or claims.expires_at > utc_now():
            return claims
        del self._claims[key]
        return None

    def add(self, token: str, claims: ClaimsT) -> None:
        """Remember the claims of a token that was verified; above the limit, forget the oldest."""
        if len(self._claims) >= self._most:
            del self._claims[next(iter(self._claims))]
        self._claims[_digest(token)] = claims

    def __len__(self) -> int:
        """Return how many tokens are known."""
        return len(self._claims)


def _digest(token: str) -> bytes:
    return blake2b(token.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
