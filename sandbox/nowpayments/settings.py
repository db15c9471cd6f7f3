"""What a sandbox is started with."""

from dataclasses import dataclass, field

from sandbox.nowpayments.coins import COINS
from sandbox.nowpayments.messages import Redeposits

DEFAULT_COINS = tuple(COINS)


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """How one sandbox behaves; a wrong value stops it from being made."""

    api_key: str = field(repr=False)
    ipn_secret: str = field(repr=False)
    coins: tuple[str, ...] = DEFAULT_COINS
    """What may be paid with, of the coins that the made-up market knows."""
    memo_coins: frozenset[str] = frozenset({"xrp"})
    """Coins whose payments need a memo (``payin_extra_id``) beside the address."""
    redeposits: Redeposits = "finished"
    """What a further deposit to a payment's address ends as; real accounts can be set to either."""
    outcome_coin: str = "usdttrc20"
    """What the merchant's account is paid out in."""
    fixed_lifetime_seconds: int = 20 * 60
    lifetime_seconds: int = 7 * 24 * 3600
    answer_within_seconds: float = 3
    """How long a notification waits for its answer."""
    retries: int = 3
    """How often a notification is tried again after the first time."""
    retry_seconds: float = 60
    first_payment_id: int = 5_000_000_001
    """A sandbox forgets all when it stops; give a later one a higher number, lest its ids come again."""

    def __post_init__(self) -> None:
        """Refuse what could not work."""
        if not self.api_key.strip():
            raise ValueError("the API key is empty")
        if not self.ipn_secret.strip():
            raise ValueError("the IPN secret is empty")
        unknown = {*self.coins, *self.memo_coins, self.outcome_coin} - set(COINS)
        if unknown or not self.coins:
            raise ValueError(f"unknown or missing coins: {', '.join(sorted(unknown)) or '(none given)'}")
