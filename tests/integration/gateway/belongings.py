"""What a client has, by the names of the path parameters that stand for it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.harness import Client, GatewayHarness, operator
from tests.integration.gateway.signing_in import sign_in

_VIEWS = (
    "adbots",
    "orders",
    "webhooks",
    "api-keys",
    "group-lists",
    "auth/devices",
    "notifications",
    "auth/me",
)
"""The routes that show all that a client has."""
_GIVEN_UP = """
insert into webhooks.deliveries
    (message, hook, type, body, state, created_at, give_up_at, try_at, claimed_until)
values ($1, $2, 'adbot.stopped', '{}', 'given_up', $3, $3, $3, $3)
"""


class Belongings:
    """A client with one thing of each kind, made when its id is asked for."""

    def __init__(self, harness: GatewayHarness, client: Client) -> None:
        self.harness, self.client = harness, client
        self._made: dict[str, str] = {
            "order_number": client.order,
            "account": str(client.account),
            "service": "gateway",
            "table": "orders",
        }
        self._makers: Mapping[str, Callable[[], Awaitable[str]]] = {
            "adbot_id": self._adbot,
            "check_id": self._check,
            "list_id": self._group_list,
            "webhook_id": self._webhook,
            "message_id": self._message,
            "key_id": self._key,
            "device_id": self._device,
            "code": self._plan,
            "notice_id": self._notice,
            "session_id": self._session,
            "stream": self._stream,
            "event_id": lambda: self._of_stream("id"),
            "correlation_id": lambda: self._of_stream("correlation_id"),
        }

    async def id_of(self, parameter: str) -> str:
        """Return the id for a path parameter; for one of a new kind of thing, add how it is made."""
        if parameter not in self._made:
            self._made[parameter] = await self._makers[parameter]()
        return self._made[parameter]

    def names(self) -> list[str]:
        """Return what shows that an answer tells of this client: ids, the address, the licence's account."""
        return [*self._made.values(), self.client.email]

    async def shown(self) -> list[Any]:
        """Return all that the client has, but for how often API keys were used."""
        found = [await self.client.get(path) for path in _VIEWS]
        for key in found[_VIEWS.index("api-keys")]["items"]:
            for name in ("uses", "last_used_at", "last_address"):
                del key[name]
        return found

    async def _adbot(self) -> str:
        adbot = str(await self.harness.adbot(self.client))
        body = {"post": "https://t.me/channel/42", "groups": ["@group"]}
        await self._sent("PUT", f"adbots/{adbot}/advertisement", body)
        return adbot

    async def _check(self) -> str:
        adbot = await self.id_of("adbot_id")
        return str((await self._sent("POST", f"adbots/{adbot}/post-checks", None))["id"])

    async def _group_list(self) -> str:
        return str((await self._sent("POST", "group-lists", {"name": "mine", "groups": ["@group"]}))["id"])

    async def _webhook(self) -> str:
        body = {"url": "http://127.0.0.1:9/hook", "events": ["order.expired"]}
        return str((await self._sent("POST", "webhooks", body))["id"])

    async def _message(self) -> str:
        message, hook = new_id(), await self.id_of("webhook_id")
        connection = await asyncpg.connect(self.harness.gateway_database)
        await connection.execute(_GIVEN_UP, message, hook, utc_now())
        await connection.close()
        return str(message)

    async def _key(self) -> str:
        end = (utc_now() + timedelta(days=1)).isoformat()
        body = {"name": "mine", "scopes": ["read"], "expires_at": end}
        return str((await self._sent("POST", "api-keys", body))["id"])

    async def _device(self) -> str:
        return str((await sign_in(self.harness.http, self.client))["device"])

    async def _plan(self) -> str:
        async with operator(self.harness.http) as admin:
            document = (await self.harness.http.get("/openapi.json")).json()
            content = document["paths"]["/api/v1/admin/plans"]["post"]["requestBody"]["content"]
            plan = content["application/json"]["example"] | {"code": f"plan-{uuid4().hex[:8]}"}
            answer = await admin.post("plans", json=plan)
        assert answer.status_code == 201, answer.text
        return str(plan["code"])

    async def _notice(self) -> str:
        return str(new_id())  # there is none: the operator is told so

    async def _session(self) -> str:
        return str(new_id())  # there is none: the operator is told so

    async def _stream(self) -> str:
        return f"account-{self.client.account}"

    async def _of_stream(self, name: str) -> str:
        async with operator(self.harness.http) as admin:
            answer = await admin.get(f"events/streams/{await self.id_of('stream')}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["steps"][0][name])

    async def _sent(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - JSON
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = await self.client.http.request(method, path, content=content, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()
