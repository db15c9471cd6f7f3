"""What Adrelay's interface tells of an order and its adbot, as far as the passing of time leaves it."""

from adrelay.demo.rest import Json, Rest


async def answers(url: str, admin_token: str, email: str) -> Json:
    """Return what operator and client are told; the client gets a new access code for it."""
    async with Rest(url, admin_token) as operator:
        code = (await operator.post("/admin/accounts/access-code", {"email": email}))["access_code"]
    async with Rest(url) as visitor:
        token = (await visitor.post("/auth/sign-in", {"access_code": code}))["token"]
    async with Rest(url, token) as client:
        told: Json = {"own_orders": (await client.get("/orders"))["items"]}
        [adbot] = (await client.get("/adbots"))["items"]
        path = f"/adbots/{adbot['id']}"
        told["advertisement"] = (await client.get(path))["advertisement"]
        told["logs"] = (await client.get(f"{path}/logs", limit=1000))["items"]
        told["statistics"] = await client.get(f"{path}/statistics")
        told["notifications"] = (await client.get("/notifications"))["items"]
    numbers = [order["order_number"] for order in told["own_orders"]]
    async with Rest(url, admin_token) as operator:
        told["orders"] = {number: await operator.get(f"/admin/orders/{number}") for number in numbers}
    return told
