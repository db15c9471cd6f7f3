"""The operator's side."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from libs.events.provisioning import SessionAssigned, SessionLost, SessionStocked
from libs.events.values import AdbotId, ApplicationId, SessionId, SessionLoss
from libs.eventsourcing.values import new_id
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness
from tests.support.sniffing import Sniffer
from tests.support.waiting import until

HASH = "0123456789abcdef0123456789ABCDEF"
STRING = "1BQANOTEuMTA4LjU2LjE3MAG7"


async def session_in(admin: httpx.AsyncClient, session: str) -> dict[str, Any]:
    found = (await admin.get("stock", params={"limit": 1000})).json()["sessions"]
    return dict(next(line for line in found if line["session"] == session))


@pytest.mark.parametrize(("path", "api_id"), [("telegram-applications", 4711), ("api-pairs", 4712)])
async def test_a_telegram_application_is_added_under_both_paths_and_its_hash_never_shown(
    admin: httpx.AsyncClient, path: str, api_id: int
) -> None:
    answer = await admin.post(path, json={"api_id": api_id, "api_hash": HASH})
    assert (answer.status_code, answer.json()["api_id"]) == (201, api_id)
    stock = await admin.get("stock")
    pairs = {pair["pair"]: pair for pair in stock.json()["pairs"]}
    assert pairs[answer.json()["pair"]]["api_id"] == api_id
    assert HASH not in answer.text + stock.text
    assert UUID(answer.json()["pair"]).version == 7


@pytest.mark.parametrize("api_hash", ["short", "z" * 32, HASH + "0", 5])
async def test_a_malformed_hash_is_refused_and_not_repeated(
    admin: httpx.AsyncClient, api_hash: object
) -> None:
    answer = await admin.post("telegram-applications", json={"api_id": 4711, "api_hash": api_hash})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "body.api_hash"
    if isinstance(api_hash, str):
        assert f'"{api_hash}"' not in answer.text


@pytest.mark.parametrize("way", ["file", "form", "json"])
async def test_a_session_is_added_as_a_file_or_as_a_text(
    admin: httpx.AsyncClient, harness: GatewayHarness, way: str
) -> None:
    pair = str(new_id())
    if way == "file":
        files = {"file": ("anna.session", STRING.encode(), "application/octet-stream")}
        answer = await admin.post("sessions", files=files, data={"pair": pair})
    elif way == "form":
        answer = await admin.post("sessions", data={"session": STRING, "pair": pair})
    else:
        answer = await admin.post("sessions", json={"session": STRING, "pair": pair})
    assert answer.status_code == 201, answer.text
    session = answer.json()["session"]
    assert answer.json()["stock"] == await session_in(admin, session)
    assert (answer.json()["stock"]["state"], answer.json()["stock"]["phone"]) == ("IMPORTED", "+49…42")
    assert answer.json()["stock"]["pair"] == pair
    (said,) = await harness.forwarder.events_of(f"client-{session}")
    assert said.envelope.actor == "admin"
    assert STRING not in answer.text + said.envelope.data


async def test_without_the_vaults_public_key_uploads_are_refused_and_nothing_is_sent(
    harness: GatewayHarness,
) -> None:
    async with harness.gateway(vault_public_key="") as http, Sniffer(harness.nats.url) as sniffer:
        for path, body in (
            ("sessions", {"session": STRING}),
            ("telegram-applications", {"api_id": 7, "api_hash": "0123456789abcdef" * 2}),
        ):
            headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
            answer = await http.post(f"/api/v1/admin/{path}", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (409, "unknown_vault_key")
            assert "`adrelay keygen --public`" in answer.json()["detail"]
        assert not [name for name, _ in await sniffer.seen() if "cmd.forwarder" in name]


async def test_an_upload_that_is_repeated_under_its_key_is_one_command(
    admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    """As when the answer was lost, and the gateway's memory of it too: sealed bytes differ each time."""
    key = {"Idempotency-Key": str(new_id())}
    first = await admin.post("sessions", json={"session": STRING}, headers=key)
    gateway = await asyncpg.connect(harness.gateway_database)
    await gateway.execute("update requests.idempotency_keys set answer = null, claimed_until = made_at")
    await gateway.close()
    again = await admin.post("sessions", json={"session": STRING}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert again.json()["session"] == first.json()["session"]
    assert len(await harness.forwarder.events_of(f"client-{first.json()['session']}")) == 1


async def test_a_session_needs_no_pair(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("sessions", json={"session": STRING})
    assert (answer.status_code, answer.json()["stock"]["pair"]) == (201, None)


async def test_a_foreign_file_is_refused(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("sessions", files={"file": ("x.session", b"SECRET-CONTENT")})
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_session")
    assert "SECRET-CONTENT" not in answer.text


@pytest.mark.parametrize("size", [256 * 1024 + 1, 600 * 1024])
async def test_a_file_that_is_too_large_is_refused(admin: httpx.AsyncClient, size: int) -> None:
    answer = await admin.post("sessions", files={"file": ("x.session", b"1" * size)})
    assert answer.status_code == 413
    assert answer.json()["code"] in {"file_too_large", "body_too_large"}


async def test_the_largest_file_that_is_allowed_arrives(admin: httpx.AsyncClient) -> None:
    answer = await admin.post("sessions", files={"file": ("x.session", b"1" * (256 * 1024))})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"json": {}}, 422, "invalid_request"),
        ({"json": {"session": ""}}, 422, "invalid_request"),
        ({"json": {"session": "SECRET" * 1000}}, 422, "invalid_request"),
        ({"json": {"session": "SECRET", "pair": "none"}}, 422, "invalid_request"),
        ({"content": b"{SECRET", "headers": {"content-type": "application/json"}}, 422, "invalid_request"),
        ({"data": {"pair": "x"}}, 422, "invalid_request"),
        ({"content": b"SECRET"}, 415, "unsupported_media_type"),
        (
            {"content": b"SECRET", "headers": {"content-type": "multipart/form-data"}},
            400,
            "malformed_request",
        ),
    ],
    ids=["nothing", "empty", "long", "pair", "cut off", "form", "no type", "no boundary"],
)
async def test_a_malformed_upload_is_refused_and_not_repeated(
    admin: httpx.AsyncClient, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = await admin.post("sessions", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "SECRET" not in answer.text


async def test_the_stock_follows_a_sessions_life(admin: httpx.AsyncClient, harness: GatewayHarness) -> None:
    session, pair, adbot = SessionId(new_id()), ApplicationId(new_id()), AdbotId(new_id())

    async def reaches(state: str) -> dict[str, Any]:
        async def there() -> Any:  # noqa: ANN401 - JSON
            found = (await admin.get("stock", params={"state": state, "limit": 1000})).json()["sessions"]
            return next((line for line in found if line["session"] == str(session)), None)

        return dict(await until(there))

    stream = f"session-{session}"
    await harness.provisioning.publish(
        stream, SessionStocked(session=session, telegram_user=5, phone="+1…09", pair=pair)
    )
    await reaches("UNUSED")
    await harness.provisioning.publish(stream, SessionAssigned(session=session, adbot=adbot, pair=pair))
    assert (await reaches("ASSIGNED"))["adbot"] == str(adbot)
    before = (await admin.get("stock")).json()["counts"].get("BANNED", 0)
    lost = SessionLost(session=session, adbot=adbot, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
    await harness.provisioning.publish(stream, lost)
    assert (await reaches("BANNED"))["adbot"] is None
    assert (await admin.get("stock")).json()["counts"]["BANNED"] == before + 1


async def test_the_operator_sees_everybodys_orders(admin: httpx.AsyncClient, client: Client) -> None:
    lines = (await admin.get("orders")).json()["items"]
    (mine,) = [line for line in lines if line["order_number"] == client.order]
    assert (mine["email"], mine["account"], mine["payment"]) == (client.email, str(client.account), "5001")
