"""Requests that are generated from the OpenAPI document, as anybody, a client and the operator.

Whatever is sent, no answer is an error of the server, and each is as the document says. What fits the
document is not refused for its form.
"""
# schemathesis leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from services.gateway.api.app import make_app
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.answering import FAKES, answering_operators
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness, running

EXAMPLES = {"anonymous": 1, "client": 3, "admin": 3}
"""How many requests a caller makes for each operation and mode."""
LEFT_OUT = {
    "listen_to_deliveries",
    "listen_to_changes",
    "listen_to_all_changes",
    "listen_to_events",
    "add_webhook",
    "sign_out",
    "sign_out_everywhere",
}
"""Answers without an end, which other tests read; what ends the caller's own token; and what sends
messages to other hosts."""
OWN_RULES = re.compile(
    r"is no cursor|is no address|an e-mail address such as|characters that can't be seen|"
    r"give exactly one of|must have (either post or posts|groups or lists|one format)|"
    r"must have post(_link|_content)? or groups|"
    r"must be (at least|less than) [0-9]{4}-"
)
"""Rules that a schema can't declare: opaque texts, domains, times, and which fields go together."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class Callers:
    """The callers of a gateway, and ids of what is there."""

    def __init__(self, harness: GatewayHarness, client: Client, known: Mapping[str, str]) -> None:
        self.url = str(harness.http.base_url)
        token = client.http.headers["Authorization"]
        self.headers: Mapping[str, dict[str, str]] = {
            "anonymous": {},
            "client": {"Authorization": token},
            "admin": {"Authorization": f"Bearer {ADMIN_TOKEN}"},
        }
        self.known = known


def problems(callers: Callers, caller: str, mode: GenerationMode) -> list[str]:
    """Make requests of every operation; return what was wrong."""
    schema = schemathesis.openapi.from_dict(make_app().openapi())
    found: list[str] = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.definition.raw["operationId"] not in LEFT_OUT:
            try:
                requests_of(operation, callers, caller, mode)()
            except Unsatisfiable:
                continue  # there is nothing in it that could be wrong
            except Exception as error:  # noqa: BLE001 - of any check
                causes = getattr(error, "exceptions", ())
                found.append(f"as {caller}, {mode.value}, {operation.label}: {error} {causes}")
    return found


def requests_of(
    operation: APIOperation[Any, Any, Any, Any], callers: Callers, caller: str, mode: GenerationMode
) -> Callable[[], None]:
    """Return a test of one operation."""

    @settings(
        max_examples=EXAMPLES[caller],
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Case[Any]) -> None:
        known = {name: callers.known.get(name, value) for name, value in case.path_parameters.items()}
        case.path_parameters = known
        response = case.call(base_url=callers.url, headers=callers.headers[caller], timeout=DEADLINE_SECONDS)
        case.validate_response(response, checks=CHECKS)
        if caller == "anonymous" and {} not in operation.definition.raw.get("security", [{}]):
            assert 400 <= response.status_code < 500  # a body that can't be read is refused before
        if mode is GenerationMode.POSITIVE and response.status_code == 422:
            problem = response.json()
            if problem["code"] == "invalid_request":
                loose = [one for one in problem["errors"] if not OWN_RULES.search(one["message"])]
                assert not loose, f"the document allows it: {loose}"

    return run


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def callers(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Callers]:
    """Yield the callers of a gateway of its own: the operator's requests change what all tests share."""
    async with running(nats_server, postgres_server, real_scheduler=True) as harness:
        client = await harness.client()
        adbot = await harness.adbot(client)
        made = await client.http.post("group-lists", json={"name": "Flats", "groups": ["@flats"]})
        known = {
            "adbot_id": str(adbot),
            "order_number": client.order,
            "list_id": made.json()["id"],
            "account": str(client.account),
        }
        async with answering_operators(harness, *FAKES):
            yield Callers(harness, client, known)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("caller", ["anonymous", "client", "admin"])
async def test_every_answer_is_as_the_document_says(
    callers: Callers, caller: str, mode: GenerationMode
) -> None:
    found = await asyncio.to_thread(problems, callers, caller, mode)
    assert not found, "\n\n".join(found)
