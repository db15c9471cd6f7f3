"""Access codes, their keyed hashes, licence keys, and ids derived with a secret pepper."""

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid5

from libs.events.gateway import CodeDigest
from libs.events.values import AccountId, EmailAddress
from services.gateway.account.first_codes import SealedCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.mail.addresses import canonical_or_same

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""The alphabet has no letters that look like digits: 5 bits a character, 100 bits a code."""
_BITS = 5
_LETTERS = 20
_GROUP = 5
_ORIGIN_DIGITS = 32
_CODE = re.compile(rf"\bUSER(-\w{{{_GROUP}}}){{{_LETTERS // _GROUP}}}", re.IGNORECASE)
_MISREAD = str.maketrans("OIL", "011")
_ACCOUNTS = UUID("6f1d7b0e-54a1-4ad4-9d5c-0c9a2c3f7a11")


class AccessCodes:
    """Generates access codes and their digests; without the pepper, a stored digest reveals no code."""

    def __init__(self, keyed: KeyedHash) -> None:
        self._keyed = keyed
        self.sealed = SealedCodes(keyed)

    def derived(self, account: AccountId) -> list[str]:
        """Return the first access code of an account to which an earlier version issued it.

        It was derived from the account and the pepper: one for each pepper.
        """
        numbers = [int.from_bytes(keyed.of("first code", str(account))) for keyed in self._keyed.each]
        return [
            f"USER-{_groups((number >> (_BITS * place)) % len(_ALPHABET) for place in range(_LETTERS))}"
            for number in numbers
        ]

    def another(self) -> str:
        """Return a new random access code. It is not stored: show it, or seal it for a mail."""
        return f"USER-{_drawn()}"

    def licence(self) -> str:
        """Return a new licence key."""
        return f"LIC-{_drawn()}"

    def digest(self, code: str) -> CodeDigest:
        """Return the keyed hash of a code; case, separators and look-alike letters make no difference."""
        return self.digests(code)[0]

    def digests(self, code: str) -> list[CodeDigest]:
        """Return the keyed hash of a code with each pepper, the present one first."""
        typed = re.sub(r"[^0-9A-Z]", "", code.upper()).removeprefix("USER")
        return [keyed.of("code", typed.translate(_MISREAD)).hex() for keyed in self._keyed.each]

    def account(self, email: EmailAddress, erased: int = 0) -> AccountId:
        """Return the id of the account that the first order with an e-mail address opens.

        The id is derived from the mailbox, so that two first checkouts at once, and the retry of an
        interrupted one, name the same account. Without the pepper the id can't be derived from the address.
        `erased` is how many accounts of the mailbox were erased before.
        """
        mailbox = canonical_or_same(email)
        named = f"{mailbox} {erased}" if erased else mailbox  # no mailbox has a space in it
        return AccountId(uuid5(_ACCOUNTS, self._keyed.of("account", named).hex()))

    def origin(self, address: str, at: datetime) -> str:
        """Return a keyed digest of a network address and the day (UTC), which is stored for the address."""
        return self._keyed.of("origin", f"{at.astimezone(UTC):%Y-%m-%d} {address}").hex()[:_ORIGIN_DIGITS]


def without_codes(text: str) -> str:
    """Return a text in which everything that looks like an access code is masked."""
    return _CODE.sub("***", text)


def _drawn() -> str:
    return _groups(secrets.randbelow(len(_ALPHABET)) for _ in range(_LETTERS))


def _groups(letters: Iterable[int]) -> str:
    text = "".join(_ALPHABET[letter] for letter in letters)
    return "-".join(text[begin : begin + _GROUP] for begin in range(0, _LETTERS, _GROUP))
