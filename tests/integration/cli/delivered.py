"""What tests of commands begin with: a delivered adbot."""

from tests.integration.gateway.shop import Shop


async def delivered(shop: Shop, email: str | None = None) -> str:
    """Sell and deliver an adbot; return its id."""
    number = (await shop.check_out(email=email))["order_number"]
    await shop.payments.pay(await shop.payment(number))
    order = await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED")
    return str(order["adbot"])
