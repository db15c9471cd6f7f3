"""The settings of a sandbox."""

from dataclasses import dataclass, field

from sandbox.nowpayments.coins import COINS
from sandbox.nowpayments.messages import Redeposits

DEFAULT_COINS = tuple(COINS)


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """The settings of one sandbox; an invalid value raises at creation."""

    api_key: str = field(repr=False)
    ipn_secret: str = field(repr=False)
    coins: tuple[str, ...] = DEFAULT_COINS
    """The accepted coins, of those in the made-up market."""
    memo_coins: frozenset[str] = frozenset({"xrp"})
    """Coins whose payments need a memo (``payin_extra_id``) besides the address."""
    redeposits: Redeposits = "finished"
    """The final status of a further deposit to a payment's address; real accounts can be set to either."""
    outcome_coin: str = "usdttrc20"
    """The coin in which the merchant is paid out."""
    fixed_lifetime_seconds: int = 20 * 60
    lifetime_seconds: int = 7 * 24 * 3600
    answer_within_seconds: float = 3
    """The timeout of a notification, in seconds."""
    retries: int = 3
    """The number of retries of a notification."""
    retry_seconds: float = 60
    first_payment_id: int = 5_000_000_001
    """The first payment id: a sandbox stores nothing across runs; a later run needs a higher one."""

    def __post_init__(self) -> None:
        """Raise for settings that contradict each other."""
        if not self.api_key.strip():
            raise ValueError("the API key is empty")
        if not self.ipn_secret.strip():
            raise ValueError("the IPN secret is empty")
        unknown = {*self.coins, *self.memo_coins, self.outcome_coin} - set(COINS)
        if unknown or not self.coins:
            raise ValueError(f"unknown or missing coins: {', '.join(sorted(unknown)) or '(none given)'}")
