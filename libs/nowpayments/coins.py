"""The accepted coins, and the provider's code of each."""

DEFAULT_COINS: dict[str, str] = {
    "BTC": "btc",
    "ETH": "eth",
    "SOL": "sol",
    "LTC": "ltc",
    "USDT": "usdttrc20",
}


def coins_in(given: object) -> object:
    """Parse a text such as `BTC=btc,USDT=usdttrc20`; raise `ValueError`. Return what is no text as it is."""
    if not isinstance(given, str):
        return given
    pairs = [pair.partition("=") for pair in given.split(",") if pair.strip()]
    coins = {coin.strip().upper(): code.strip().lower() for coin, _, code in pairs}
    codes = set(coins.values())
    if not coins or "" in codes or not len(pairs) == len(coins) == len(codes):
        raise ValueError("should look like BTC=btc,USDT=usdttrc20, each coin and each code once")
    return coins
