"""The answers of Adrelay's API about an order and its adbot that do not depend on the time.

Of later fields, which older versions do not have, none is among them.
"""

from adrelay.demo.rest import Json, Rest

_LOG = ("at", "cycle", "session", "group", "result", "error", "messages")
_LATER = {
    "detail",
    "group",
    "group_id",
    "group_name",
    "read_at",
    "adbot",
    "reason",
    "valid_until",
    "groups",
    "more_groups",
    "webhook",
}
_LATER_OF_ORDERS = {"payment_status"}
_CHANGED_BY_AN_END = {"order_status", "updated_at", "attention"}
_STATISTICS = ("cycles", "cycles_skipped", "posts", "successes", "failures", "not_sent", "last_activity")


def by_time(lines: list[Json]) -> list[Json]:
    """Sort lines of a log: older versions listed them in the order in which they were recorded."""
    return sorted(lines, key=lambda line: (line["at"], line["group"]))


async def answers(url: str, admin_token: str, email: str) -> Json:
    """Return the answers to the operator and the client, who gets a new access code."""
    async with Rest(url, admin_token) as operator:
        code = (await operator.post("/admin/accounts/access-code", {"email": email}))["access_code"]
    async with Rest(url) as visitor:
        token = (await visitor.post("/auth/sign-in", {"access_code": code}))["token"]
    async with Rest(url, token) as client:
        found: Json = {"own_orders": [lasting(one) for one in (await client.get("/orders"))["items"]]}
        [adbot] = (await client.get("/adbots"))["items"]
        path = f"/adbots/{adbot['id']}"
        advertisement = (await client.get(path))["advertisement"]
        found["advertisement"] = {field: advertisement[field] for field in ("post", "groups")}
        lines = (await client.get(f"{path}/logs", limit=1000))["items"]
        found["logs"] = [{field: line[field] for field in _LOG} for line in lines]
        statistics = await client.get(f"{path}/statistics")
        found["statistics"] = {field: statistics[field] for field in _STATISTICS}
        notifications = (await client.get("/notifications"))["items"]
        found["notifications"] = [
            {field: line[field] for field in line if field not in _LATER} for line in notifications
        ]
    numbers = [order["order_number"] for order in found["own_orders"]]
    async with Rest(url, admin_token) as operator:
        found["orders"] = {
            number: lasting(await operator.get(f"/admin/orders/{number}")) for number in numbers
        }
    return found


def lasting(order: Json) -> Json:
    """Return of an order what does not change when its time is over, as happens to one that was not paid."""
    left_out = _LATER_OF_ORDERS if order["finished_at"] else _LATER_OF_ORDERS | _CHANGED_BY_AN_END
    found = {field: order[field] for field in order if field not in left_out}
    if "history" in found:
        found["history"] = [one for one in found["history"] if one["at"] < order["expires_at"]]
    return found
