"""Access codes and licence keys: drawn from the system's randomness, known afterwards by a keyed hash."""

import hashlib
import hmac
import re
import secrets
from uuid import UUID, uuid5

from pydantic import SecretStr

from libs.events.gateway import CodeDigest
from libs.events.values import AccountId, EmailAddress

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without letters that are taken for digits: 5 bits a character, 100 bits a code."""
_MISREAD = str.maketrans("OIL", "011")
_ACCOUNTS = UUID("6f1d7b0e-54a1-4ad4-9d5c-0c9a2c3f7a11")


class AccessCodes:
    """Draws codes, and tells what is stored of them; the pepper makes a stolen table useless for guessing."""

    def __init__(self, pepper: SecretStr) -> None:
        self._pepper = pepper.get_secret_value().encode()

    def draw(self) -> str:
        """Return a new access code. It is kept nowhere: show it to its owner, or it is lost."""
        return f"USER-{_groups()}"

    def licence(self) -> str:
        """Return a new licence key."""
        return f"LIC-{_groups()}"

    def digest(self, code: str) -> CodeDigest:
        """Return the keyed hash of a code, the same for every way in which people type it."""
        typed = re.sub(r"[^0-9A-Z]", "", code.upper()).removeprefix("USER")
        return self._keyed("code", typed.translate(_MISREAD)).hex()

    def account(self, email: EmailAddress) -> AccountId:
        """Return the id of the account that the first checkout with an e-mail address opens.

        It follows from the address, so that two first checkouts at once, or one that broke half way and is
        tried again, mean the same account. Nobody without the pepper can tell it from the address.
        """
        return AccountId(uuid5(_ACCOUNTS, self._keyed("account", email.lower()).hex()))

    def _keyed(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._pepper, f"{purpose}:{text}".encode(), hashlib.sha256).digest()


def _groups() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
