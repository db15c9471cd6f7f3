"""A client says over REST that a group is alive."""

import json

from libs.events.scheduler import GroupConfirmed
from tests.integration.gateway.harness import Client, GatewayHarness


async def test_a_client_confirms_a_group_of_an_adbot(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    answer = await client.http.post(f"adbots/{adbot}/groups/confirm", json={"group": "@bakers/4"})
    assert (answer.status_code, answer.json()["id"]) == (200, str(adbot))
    rows = await harness.scheduler.engine.query(
        lambda sql: sql.fetch(
            "select data::text as data from engine.events where type = $1 and data->>'adbot' = $2",
            GroupConfirmed.__name__,
            str(adbot),
        )
    )
    assert [json.loads(row["data"]) for row in rows] == [{"adbot": str(adbot), "group": "@bakers/4"}]
    malformed = await client.http.post(f"adbots/{adbot}/groups/confirm", json={"group": ""})
    assert malformed.status_code == 422
