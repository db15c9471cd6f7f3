"""Clients share lists of groups among adbots: the gateway with the scheduler itself."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from libs.events.provisioning import AdbotProvisioned
from libs.events.values import AdbotId
from libs.eventsourcing.values import new_id
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness, operator
from tests.support.waiting import until

POST = "https://t.me/channel/42"
BREAD: dict[str, Any] = {"name": " Bread ", "groups": ["t.me/Bakers", "@bakers", "@millers/7"]}
CAKE = b'\xef\xbb\xbfGroup,members\r\n@cake,12\r\n"t.me/Tarts";x\r\n\r\n@cake\r\n'


@pytest.fixture(scope="module")
def harness(with_scheduler: GatewayHarness) -> GatewayHarness:
    """The gateway with the scheduler itself."""
    return with_scheduler


@pytest_asyncio.fixture(loop_scope="session")
async def owner(harness: GatewayHarness) -> Client:
    """A client with adbots."""
    return await harness.client()


@pytest_asyncio.fixture(loop_scope="session")
async def adbot(harness: GatewayHarness, owner: Client) -> AdbotId:
    """An adbot of the client."""
    return await harness.adbot(owner)


async def made(owner: Client, **changed: object) -> dict[str, Any]:
    """Make a list, and return it."""
    answer = await owner.http.post("group-lists", json=BREAD | changed)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_list_is_made_shown_changed_and_deleted(owner: Client) -> None:
    found = await made(owner, group_options=[{"group": "t.me/millers/7", "every_seconds": 3600}])
    assert (found["name"], found["groups"], found["group_count"]) == ("Bread", ["@bakers", "@millers/7"], 2)
    slow = {"group": "@millers/7", "paused": False, "every_seconds": 3600}
    assert (found["group_options"], found["adbots"], found["blocked_groups"]) == ([slow], [], [])
    path = f"group-lists/{found['id']}"
    assert await owner.get(path) == found
    (line,) = (await owner.get("group-lists"))["items"]
    assert line == {name: found[name] for name in line}
    assert "groups" not in line
    changed = await owner.http.put(path, json={"name": "Cake", "groups": ["@cake"]})
    assert (changed.status_code, changed.json()["name"], changed.json()["groups"]) == (200, "Cake", ["@cake"])
    assert (changed.json()["group_options"], changed.json()["made_at"]) == ([], found["made_at"])
    deleted = await owner.http.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert refusal(await owner.http.get(path)) == (404, "unknown_group_list")
    assert (await owner.get("group-lists"))["items"] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "Bread"}, (422, "invalid_request")),
        ({"name": "", "groups": ["@bakers"]}, (422, "invalid_request")),
        ({"name": "a\u0007", "groups": ["@bakers"]}, (422, "invalid_request")),
        ({"name": "Bread", "groups": []}, (422, "invalid_request")),
        ({"name": "Bread", "groups": ["a\u0000"]}, (422, "invalid_request")),
        ({"name": "Bread", "groups": [" "]}, (409, "no_groups")),
        ({"name": "Bread", "groups": ["@bakers", "x"]}, (422, "malformed_groups")),
        ({"name": "Bread", "groups": ["-1001234567890"]}, (409, "private_ids_not_allowed")),
        (
            {"name": "Bread", "groups": ["@bakers"], "group_options": [{"group": "@cake"}]},
            (404, "unknown_group"),
        ),
    ],
)
async def test_a_list_that_can_not_be_is_refused(
    owner: Client, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refusal(await owner.http.post("group-lists", json=body)) == expected


async def test_anothers_list_looks_as_one_that_does_not_exist(owner: Client, harness: GatewayHarness) -> None:
    stranger = await harness.client()
    its = await harness.adbot(stranger)
    theirs = (await made(owner))["id"]
    for wanted in (theirs, str(uuid4())):
        path = f"group-lists/{wanted}"
        option = {"group": "@bakers", "paused": True}
        answers = [
            await stranger.http.get(path),
            await stranger.http.put(path, json=BREAD),
            await stranger.http.put(f"{path}/import", content=CAKE, headers={"content-type": "text/csv"}),
            await stranger.http.put(f"{path}/groups/options", json=option),
            await stranger.http.delete(path),
        ]
        assert [refusal(answer) for answer in answers] == [(404, "unknown_group_list")] * 5
        assert {answer.json()["detail"] for answer in answers} == {"there is no group list of this id"}
        used = await stranger.http.put(f"adbots/{its}/advertisement", json={"post": POST, "lists": [wanted]})
        assert refusal(used) == (404, "unknown_group_list")
        assert used.json()["detail"] == f"{wanted}: there is no group list of this id"
    assert (await stranger.get("group-lists"))["items"] == []
    assert (await owner.get(f"group-lists/{theirs}"))["groups"] == ["@bakers", "@millers/7"]
    assert refusal(await harness.http.get(f"/api/v1/group-lists/{theirs}")) == (401, "token_missing")


async def test_an_adbot_uses_lists_and_options(owner: Client, adbot: AdbotId) -> None:
    bread = (await made(owner))["id"]
    wanted = {
        "post": POST,
        "lists": [bread],
        "group_options": [{"group": "t.me/bakers", "paused": True}],
        "options": {"author": False, "delete_previous": True},
    }
    answer = await owner.http.put(f"adbots/{adbot}/advertisement", json=wanted)
    assert answer.status_code == 200, answer.text
    shown = answer.json()["advertisement"]
    assert (shown["groups"], shown["lists"]) == ([], [bread])
    assert shown["group_options"] == [{"group": "@bakers", "paused": True, "every_seconds": None}]
    assert shown["options"] == {"author": False, "skip_newest": False, "delete_previous": True}
    assert (await owner.get(f"group-lists/{bread}"))["adbots"] == [str(adbot)]
    groups = (await owner.get(f"adbots/{adbot}/groups"))["items"]
    assert [(one["group"], one["state"]) for one in groups] == [
        ("@bakers", "waiting"),
        ("@millers/7", "waiting"),
    ]
    assert all(one["advertised"] for one in groups)
    assert (await owner.http.post(f"adbots/{adbot}/start")).status_code == 200


async def test_the_groups_of_lists_count_for_the_time_that_a_cycle_takes(
    owner: Client, adbot: AdbotId
) -> None:
    many = (await made(owner, groups=[f"@a_group_{number}" for number in range(400)]))["id"]
    wanted = {"post": POST, "groups": ["@a_group_7", "@another_group"], "lists": [many]}
    answer = await owner.http.put(f"adbots/{adbot}/advertisement", json=wanted)
    assert "401 groups" in answer.json()["warning"]
    paused = {"group": "@a_group_9", "paused": True}
    await owner.http.put(f"group-lists/{many}/groups/options", json=paused)
    assert "400 groups" in (await owner.get(f"adbots/{adbot}"))["warning"]
    resumed = {"group": "@a_group_9", "paused": False}
    answer = await owner.http.put(f"adbots/{adbot}/groups/options", json=resumed)
    assert "401 groups" in answer.json()["warning"]


async def test_one_group_is_paused_without_the_others(owner: Client, adbot: AdbotId) -> None:
    bread = (await made(owner))["id"]
    advertisement = {"post": POST, "groups": ["@cake"], "lists": [bread]}
    await owner.http.put(f"adbots/{adbot}/advertisement", json=advertisement)
    path = f"adbots/{adbot}/groups/options"
    answer = await owner.http.put(path, json={"group": " t.me/Bakers ", "every_seconds": 7200})
    assert answer.status_code == 200, answer.text
    await owner.http.put(path, json={"group": "@cake", "paused": True})
    await owner.http.put(path, json={"group": "@bakers", "paused": True})
    assert (await owner.get(f"adbots/{adbot}"))["advertisement"]["group_options"] == [
        {"group": "@bakers", "paused": True, "every_seconds": None},
        {"group": "@cake", "paused": True, "every_seconds": None},
    ]
    assert refusal(await owner.http.put(path, json={"group": "@tarts"})) == (404, "unknown_group")
    in_list = await owner.http.put(
        f"group-lists/{bread}/groups/options", json={"group": "@bakers", "paused": True}
    )
    paused = {"group": "@bakers", "paused": True, "every_seconds": None}
    assert (in_list.status_code, in_list.json()["group_options"]) == (200, [paused])
    again = await owner.http.put(f"group-lists/{bread}/groups/options", json={"group": "@bakers"})
    assert again.json()["group_options"] == []


async def test_a_list_comes_by_file(owner: Client) -> None:
    kinds = {"content-type": "text/csv; charset=utf-8"}
    answer = await owner.http.post("group-lists/import?name=Cakes", content=CAKE, headers=kinds)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name"], answer.json()["groups"]) == ("Cakes", ["@cake", "@tarts"])
    path = f"group-lists/{answer.json()['id']}"
    await owner.http.put(f"{path}/groups/options", json={"group": "@tarts", "paused": True})
    file = {"file": ("groups.txt", b"@tarts\n@bread\n", "text/plain")}
    answer = await owner.http.put(f"{path}/import", files=file)
    assert (answer.status_code, answer.json()["name"]) == (200, "Cakes")
    assert answer.json()["groups"] == ["@tarts", "@bread"]
    assert [option["group"] for option in answer.json()["group_options"]] == ["@tarts"]


@pytest.mark.parametrize(
    ("content", "kind", "expected", "detail"),
    [
        (b"@cake\n\nbad one\n@x\n", "text/plain", (422, "malformed_groups"), "line 3: “bad one”: "),
        (b"name\n", "text/plain", (409, "no_groups"), ""),
        (b"", "text/plain", (409, "no_groups"), ""),
        (b"@cake\n\xff\n", "text/plain", (422, "unreadable_file"), "line 2 is not in UTF-8"),
        ("@cake".encode("utf-16"), "text/csv", (422, "unreadable_file"), "it is in UTF-16"),
        (b"@cake\n" * 10_001, "text/csv", (422, "unreadable_file"), "10001 lines"),
        (b"@cake", "application/pdf", (415, "unsupported_media_type"), ""),
        (b"@" + b"a" * 600_000, "text/plain", (413, "body_too_large"), ""),
    ],
)
async def test_a_file_that_is_no_list_is_refused(
    owner: Client, content: bytes, kind: str, expected: tuple[int, str], detail: str
) -> None:
    answer = await owner.http.post("group-lists/import", content=content, headers={"content-type": kind})
    assert refusal(answer) == expected
    assert detail in answer.json()["detail"]
    assert (await owner.get("group-lists"))["items"] == []


async def test_the_plan_of_an_adbot_limits_its_groups_and_posts(
    owner: Client, harness: GatewayHarness
) -> None:
    limited = AdbotId(new_id())
    event = AdbotProvisioned(
        adbot=limited,
        order=owner.order,
        account=owner.account,
        plan=BRONZE.model_copy(update={"max_groups": 1, "max_posts": 1}),
        seats=(),
        valid_from=None,
        valid_until=None,
    )
    await harness.provisioning.publish(f"adbot-{limited}", event)
    path = f"adbots/{limited}"
    await until(lambda: found(owner, path))
    assert {key: (await owner.get(path))["plan"][key] for key in ("max_groups", "max_posts")} == {
        "max_groups": 1,
        "max_posts": 1,
    }
    bread = (await made(owner))["id"]
    many = await owner.http.put(f"{path}/advertisement", json={"post": POST, "lists": [bread]})
    assert refusal(many) == (422, "too_many_groups")
    assert many.json()["detail"] == "2 groups, the plan of this adbot allows at most 1"
    several = {"posts": [POST, "Bread"], "groups": ["@bakers"]}
    answer = await owner.http.put(f"{path}/advertisement", json=several)
    assert refusal(answer) == (422, "too_many_posts")


async def found(owner: Client, path: str) -> bool:
    return (await owner.http.get(path)).status_code == 200


async def test_blocked_groups_of_lists_are_shown(
    owner: Client, adbot: AdbotId, harness: GatewayHarness
) -> None:
    bread = (await made(owner, groups=["@bakers", "@ryes/3"]))["id"]
    await owner.http.put(
        f"adbots/{adbot}/advertisement", json={"post": POST, "groups": ["@bakers"], "lists": [bread]}
    )
    async with operator(harness.http) as admin:
        for group in ("@ryes", "@bakers"):
            body = {"chat": group, "reason": "their owner asked"}
            assert (await admin.post("operations/targets/block", json=body)).status_code < 300
        try:
            assert (await owner.get(f"group-lists/{bread}"))["blocked_groups"] == ["@bakers", "@ryes/3"]
            assert (await owner.get(f"adbots/{adbot}"))["blocked_groups"] == ["@bakers", "@ryes/3"]
        finally:
            for group in ("@ryes", "@bakers"):
                await admin.post("operations/targets/unblock", json={"chat": group, "reason": "x"})


async def test_a_list_that_an_adbot_uses_may_be_deleted(owner: Client, adbot: AdbotId) -> None:
    bread = (await made(owner))["id"]
    await owner.http.put(f"adbots/{adbot}/advertisement", json={"post": POST, "lists": [bread]})
    assert (await owner.http.delete(f"group-lists/{bread}")).status_code == 204
    assert [UUID(one) for one in (await owner.get(f"adbots/{adbot}"))["advertisement"]["lists"]] == [
        UUID(bread)
    ]
    assert refusal(await owner.http.post(f"adbots/{adbot}/start")) == (409, "no_groups")
