"""Reads that the edge answers itself: as FastAPI would answer, and refuse."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest

from libs.eventsourcing.values import new_id
from services.gateway.api.requests.edge import DirectRoutes
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.signing_in import make_key

VARYING = {"x-correlation-id", "date"}
QUERIES = (
    "",
    "?limit=1",
    "?limit=1&limit=2&unknown=x",
    "?limit=0",
    "?sort=-created_at&from=2026-01-01T00:00:00Z",
    "?from=yesterday",
    "?text=",
    "?text=%00",
    "?cursor=x",
    "?plan=BRONZE&status=STOPPED",
)
REQUESTS = [
    *(f"{path}{query}" for path in ("adbots", "adbots/{adbot}/logs", "orders") for query in QUERIES),
    "adbots/{adbot}",
    "adbots/{hex}",
    "adbots/{upper}",
    "adbots/{braced}",
    "adbots/{other}",
    "adbots/{other}/logs",
    "adbots/1",
]


def shown(answer: httpx.Response) -> tuple[int, bytes, Sequence[tuple[str, str]]]:
    """Return what is the same in an answer to the same request."""
    headers = [(name, value) for name, value in answer.headers.items() if name not in VARYING]
    body = answer.content
    if answer.status_code >= 400:
        body = answer.json() | {"correlation_id": ""}
        headers = [header for header in headers if header[0] != "content-length"]
    return answer.status_code, body, headers


def fastapis(*_: object) -> None:
    """Find no direct route."""


async def both(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[int, bytes, Sequence[tuple[str, str]]]]:
    """Return what the edge answers, and FastAPI."""
    direct = await http.get(path, headers=headers)
    with monkeypatch.context() as patch:
        patch.setattr(DirectRoutes, "of", fastapis)
        usual = await http.get(path, headers=headers)
    return [shown(direct), shown(usual)]


async def test_the_edge_answers_as_fastapi_would(
    harness: GatewayHarness, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    adbot, stranger = await harness.adbot(client), await harness.client()
    ids = {
        "adbot": adbot,
        "hex": adbot.hex,
        "upper": str(adbot).upper(),
        "braced": f"{{{adbot.hex}}}--",
        "other": new_id(),
    }
    await harness.adbot(stranger)
    found = set[int]()
    for path in REQUESTS:
        direct, usual = await both(client.http, path.format(**ids), {}, monkeypatch)
        assert direct == usual, path
        found.add(direct[0])
    assert found == {200, 404, 422}
    tag = (await client.http.get("adbots")).headers["ETag"]
    direct, usual = await both(client.http, "adbots", {"If-None-Match": tag}, monkeypatch)
    assert direct == usual
    assert direct[0] == 304


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "bearer x", "Basic eDp5", "Bearer a b"])
async def test_credentials_are_refused_as_fastapi_would(
    client: Client, authorization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct, usual = await both(client.http, "adbots", {"Authorization": authorization}, monkeypatch)
    assert direct == usual
    assert direct[0] == 401


async def test_every_direct_read_belongs_to_the_caller_and_needs_an_account(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    adbot, stranger = await harness.adbot(client), await harness.client()
    for path in (f"adbots/{adbot}", f"adbots/{adbot}/logs"):
        assert (await client.http.get(path)).status_code == 200
        assert (await stranger.http.get(path)).status_code == 404
    assert (await stranger.get("adbots"))["items"] == []
    answer = await admin.get(str(client.http.base_url.join("adbots")))
    assert (answer.status_code, answer.json()["code"]) == (403, "account_needed")


async def test_a_key_reads_until_it_is_revoked(client: Client, http: httpx.AsyncClient) -> None:
    key = await make_key(client, "read")
    made = UUID(key.split("_")[1])
    bearing = {"Authorization": f"Bearer {key}"}
    reads = [http.get("/api/v1/adbots", headers=bearing) for _ in range(20)]
    assert {answer.status_code for answer in await asyncio.gather(*reads)} == {200}
    assert (await client.http.delete(f"api-keys/{made}")).is_success
    assert (await http.get("/api/v1/adbots", headers=bearing)).status_code == 401


async def test_the_metrics_name_the_route_that_was_read(harness: GatewayHarness, client: Client) -> None:
    await client.get("adbots")
    counted = 'adrelay_gateway_request_seconds_count{method="GET",route="list_adbots",status="200"}'
    assert counted in await harness.metrics()
