"""A refusal says which groups of a request it is about: the gateway with the scheduler itself."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.events.values import AdbotId
from tests.integration.gateway.harness import Client, GatewayHarness, operator

POST = "https://t.me/channel/42"
NO_GROUP = "neither @name, nor a t.me link, nor an id that begins with -100"
SHORT = "“x” is no name: a letter, then 3 to 31 letters, digits or underscores"


@pytest.fixture(scope="module")
def harness(with_scheduler: GatewayHarness) -> GatewayHarness:
    """The gateway with the scheduler itself."""
    return with_scheduler


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(harness: GatewayHarness) -> Client:
    """A client with adbots."""
    return await harness.client()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def adbot(harness: GatewayHarness, owner: Client) -> AdbotId:
    """An adbot of the client, with an advertisement."""
    adbot = await harness.adbot(owner)
    body = {"post": POST, "groups": ["@bakers"]}
    assert (await owner.http.put(f"adbots/{adbot}/advertisement", json=body)).status_code == 200
    return adbot


def marks(answer: httpx.Response, code: str = "malformed_groups") -> dict[str, str]:
    """Return the texts of a refusal's problems by their fields."""
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    return {one["field"]: one["message"] for one in problem.get("errors", [])}


@pytest.mark.parametrize("method", ["put", "patch"])
async def test_malformed_groups_of_an_advertisement_are_marked(
    owner: Client, adbot: AdbotId, method: str
) -> None:
    body = {"post": POST, "groups": ["@bakers", "bad one", "", "t.me/x", "bad one"]}

    answer = await getattr(owner.http, method)(f"adbots/{adbot}/advertisement", json=body)

    expected = {"body.groups.1": NO_GROUP, "body.groups.3": SHORT, "body.groups.4": NO_GROUP}
    assert (answer.status_code, marks(answer)) == (422, expected)
    assert "“bad one”: neither" in answer.json()["detail"], "what older clients read stays"


async def test_the_operator_sees_the_same_marks(
    owner: Client, adbot: AdbotId, harness: GatewayHarness
) -> None:
    body = {"post": POST, "groups": ["@bakers", "bad one"]}
    async with operator(harness.http) as admin:
        answer = await admin.put(f"adbots/{adbot}/advertisement", json=body)
        made = await admin.post(
            f"accounts/{owner.account}/group-lists", json={"name": "Bread", "groups": ["bad one"]}
        )

    assert marks(answer) == {"body.groups.1": NO_GROUP}
    assert marks(made) == {"body.groups.0": NO_GROUP}


async def test_malformed_groups_of_a_list_and_of_its_options_are_marked(owner: Client) -> None:
    groups = {"name": "Bread", "groups": ["@bakers", "bad one"]}
    options = {"name": "Bread", "groups": ["@bakers"], "group_options": [{"group": "bad one"}]}

    assert marks(await owner.http.post("group-lists", json=groups)) == {"body.groups.1": NO_GROUP}
    field = "body.group_options.0.group"
    assert marks(await owner.http.post("group-lists", json=options)) == {field: NO_GROUP}


async def test_malformed_groups_of_a_file_are_marked_by_their_lines(owner: Client) -> None:
    kind = {"content-type": "text/csv"}
    answer = await owner.http.post("group-lists/import", content=b"Group\n\nbad one;7\n@cake\n", headers=kind)

    assert marks(answer) == {"line 3": NO_GROUP}


async def test_a_malformed_group_alone_is_marked(owner: Client, adbot: AdbotId) -> None:
    option = await owner.http.put(f"adbots/{adbot}/groups/options", json={"group": "bad one"})
    confirmed = await owner.http.post(f"adbots/{adbot}/groups/confirm", json={"group": "bad one"})

    assert marks(option) == marks(confirmed) == {"body.group": NO_GROUP}


async def test_private_ids_are_marked_where_they_are_not_allowed(owner: Client, adbot: AdbotId) -> None:
    body = {"post": POST, "groups": ["@bakers", "t.me/c/1234567890"]}
    answer = await owner.http.put(f"adbots/{adbot}/advertisement", json=body)

    (mark,) = marks(answer, "private_ids_not_allowed").items()
    assert mark[0] == "body.groups.1"
    assert "no public name" in mark[1]


async def test_blocked_groups_are_marked(owner: Client, adbot: AdbotId, harness: GatewayHarness) -> None:
    async with operator(harness.http) as admin:
        blocked = await admin.post(
            "operations/targets/block", json={"chat": "@closed", "reason": "asked for"}
        )
        assert blocked.is_success, blocked.text
    body = {"post": POST, "groups": ["@bakers", "t.me/Closed/7"]}
    answer = await owner.http.put(f"adbots/{adbot}/advertisement", json=body)

    (mark,) = marks(answer, "blocked_targets").items()
    assert mark == ("body.groups.1", "the operator posts nothing there; leave it out")


async def test_at_most_a_hundred_groups_are_marked(owner: Client) -> None:
    body = {"name": "Bread", "groups": ["@bakers", *(f"bad {number}" for number in range(500))]}
    answer = await owner.http.post("group-lists", json=body)

    assert list(marks(answer)) == [f"body.groups.{index}" for index in range(1, 101)]
    assert answer.json()["detail"].endswith("; and 400 more")


async def test_other_refusals_mark_nothing(owner: Client, adbot: AdbotId) -> None:
    answer = await owner.http.put(f"adbots/{adbot}/groups/options", json={"group": "@tarts"})

    assert (answer.status_code, marks(answer, "unknown_group")) == (404, {})
