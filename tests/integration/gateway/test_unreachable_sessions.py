"""A session that can't connect is shown to the operator and on the client's adbot."""

from datetime import UTC, datetime
from typing import Any

import httpx

from libs.events.forwarder import SessionReachable, SessionUnreachable
from libs.events.provisioning import SessionAssigned, SessionStocked
from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing.values import new_id
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_it_is_shown_until_it_can(
    admin: httpx.AsyncClient, client: Client, harness: GatewayHarness
) -> None:
    adbot, session = await harness.adbot(client), SessionId(new_id())
    pair = ApplicationId(new_id())

    async def in_stock() -> dict[str, Any] | None:
        found = (await admin.get("stock", params={"limit": 1000})).json()["sessions"]
        return next((line for line in found if line["session"] == str(session)), None)

    async def unreachable() -> int:
        return int((await client.get(f"adbots/{adbot}"))["seats"]["unreachable"])

    await harness.provisioning.publish(
        f"session-{session}",
        SessionStocked(session=session, telegram_user=5, phone="+1…09"),
        SessionAssigned(session=session, adbot=adbot, pair=pair),
    )
    found = await until(in_stock, lambda line: line["state"] == "ASSIGNED")
    assert (found["unreachable_since"], await unreachable()) == (None, 0)
    marked = SessionUnreachable(session=session, error="CONNECTION_LOST", since=SINCE)
    await harness.forwarder.publish(f"client-{session}", marked)
    await until(unreachable, lambda count: count == 1)
    found = await until(in_stock)
    assert datetime.fromisoformat(found["unreachable_since"]) == SINCE
    assert found["unreachable_error"] == "CONNECTION_LOST"
    await harness.forwarder.publish(f"client-{session}", SessionReachable(session=session))
    await until(unreachable, lambda count: not count)
    assert (await until(in_stock))["unreachable_since"] is None
