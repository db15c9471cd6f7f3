"""The registry of problem codes."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from adrelay.reference import problems_page
from libs.events.commands import billing, forwarder, provisioning, scheduler
from libs.eventsourcing import Command
from services.gateway.api.app import make_app
from services.gateway.api.describing.refusals import refusals_of
from services.gateway.api.requests.codes import CODES, SECTIONS
from services.gateway.device.refresh import RefreshProblem

ROOT = Path(__file__).parents[3]
PLACES = {
    "Refused": 0,
    "NotYetKnown": 0,
    "Denied": 1,
    "unauthorized": 0,
    "forbidden": 0,
    "unavailable": 0,
    "problem_response": 1,
    "raw_problem": 1,
}
"""The position of the code among the arguments of each call that refuses."""
PASSED_ON = {
    ("services/billing/order/matching.py", "reported.why"): {"wrong_payment", "wrong_amount"},
    ("libs/chassis/problems.py", "code"): set[str](),
    ("libs/chassis/protocol.py", "code"): {"header_timeout", "headers_too_large", "malformed_request"},
    ("services/gateway/api/account/sign_in.py", "found.value"): {problem.value for problem in RefreshProblem},
    ("services/gateway/api/requests/bodies.py", "code"): {"body_timeout", "body_too_large"},
    ("services/gateway/api/requests/problems.py", "code"): {
        "malformed_request",
        "method_not_allowed",
        "not_found",
    },
    ("services/scheduler/operations/names.py", "code"): {"malformed_target", "malformed_source"},
    ("services/scheduler/schedule/limits.py", "code"): {"advertisement_too_large", "group_list_too_large"},
}
"""Codes that stand in a variable where the error is raised, by file and expression."""
AGAIN = {"refused.code", "refusal.code"}
"""Expressions for the code of a refusal that was caught."""


def refusals() -> Iterator[tuple[str, str]]:
    """Yield the file and the code of every refusal; fail for a code that can't be told."""
    folders = [ROOT / "services", ROOT / "libs" / "telegram_links", ROOT / "libs" / "chassis"]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name | ast.Attribute):
                continue
            name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
            place = PLACES.get(name)
            given = [*call.args] if place is not None else []
            given += [one.value for one in call.keywords if one.arg == "code" and place is not None]
            if place is None or len(given) <= place:
                continue
            code = given[place]
            written = ast.unparse(code)
            if isinstance(code, ast.Constant):
                yield file, str(code.value)
            elif written not in AGAIN:
                assert (file, written) in PASSED_ON, f"{file}: which codes may {written} be?"
                yield from ((file, one) for one in PASSED_ON[file, written])


def test_every_service_refuses_with_registered_codes_only() -> None:
    found = set(refusals())
    assert len(found) > 90
    assert {(file, code) for file, code in found if code not in CODES} == set()


def test_no_code_is_registered_that_nobody_uses() -> None:
    by_the_chassis = {"invalid_command"}
    by_validation = {"invalid_request"}
    assert set(CODES) - {code for _, code in refusals()} - by_the_chassis - by_validation == set()


def test_the_codes_that_commands_are_refused_with_are_registered() -> None:
    commands = {
        found
        for module in (billing, forwarder, provisioning, scheduler)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Command) and found is not Command
    }
    named = {code for command in commands for code in refusals_of(command)}
    assert {"insufficient_stock", "order_refunded", "too_many_post_checks"} <= named
    assert named - set(CODES) == set()


def test_each_code_has_a_problem_status_a_meaning_and_a_remedy() -> None:
    assert sum(map(len, SECTIONS.values())) == len(CODES), "no code is in two sections"
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
        assert meaning.status >= HTTPStatus.BAD_REQUEST
        assert meaning.meaning.endswith(".")
        assert meaning.remedy.endswith(".")


def test_the_page_of_problems_has_each_code_with_its_status() -> None:
    page = problems_page()
    for code, meaning in CODES.items():
        assert f"| `{code}` | {meaning.status.value} | " in page


@pytest.fixture(name="http")
def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(make_app()), base_url="http://gateway/api/v1")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/group-lists", "GET, POST"),
        ("POST", "/group-lists/5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c", "GET, PUT, DELETE"),
        ("GET", "/checkout", "POST"),
        ("PUT", "/admin/plans/bronze", "PATCH, DELETE"),
    ],
)
async def test_another_method_is_answered_with_all_methods_of_the_path(
    http: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
