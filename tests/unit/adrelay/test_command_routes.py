"""What an operator may do over REST is a command: each runs against a server that answers as documented."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.core import TyperGroup
from typer.testing import CliRunner

from adrelay.cli import OPERATE, app
from adrelay.command_routes import ROUTES, WITHOUT_COMMAND, operators_routes
from adrelay.terminal.menu import Menu, loaded
from services.gateway.api.app import make_app

ID = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"
EMAIL = "client@example.com"
WHY = "--reason asked"
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "accounts api-keys": (EMAIL,),
    "accounts allow-private-ids": (f"{EMAIL} {WHY}",),
    "accounts code": (EMAIL,),
    "accounts create": (EMAIL,),
    "accounts devices": (EMAIL,),
    "accounts erase": (f"{EMAIL} --yes",),
    "accounts forbid-private-ids": (f"{EMAIL} {WHY}",),
    "accounts private-ids": ("", EMAIL),
    "accounts remove-second-factor": (EMAIL,),
    "accounts restore": (EMAIL,),
    "accounts revoke-api-key": (f"{EMAIL} {ID}",),
    "accounts role": (f"{EMAIL} CLIENT",),
    "accounts show": (EMAIL,),
    "accounts sign-out": (EMAIL,),
    "accounts sign-out-device": (f"{EMAIL} {ID}",),
    "accounts suspend": (f"{EMAIL} {WHY}",),
    "accounts webhook-messages": (f"{EMAIL} {ID}",),
    "accounts webhook-off": (f"{EMAIL} {ID} {WHY}",),
    "accounts webhooks": (EMAIL,),
    "adbots advertise": (f"{ID} --post https://t.me/channel/1 --group @group",),
    "adbots check-posts": (ID,),
    "adbots confirm-group": (f"{ID} @group",),
    "adbots extend": (f"{ID} --days 3 {WHY}",),
    "adbots group-option": (f"{ID} @group --paused",),
    "adbots groups": (ID,),
    "adbots log": (f"{ID} --since 2h",),
    "adbots pace": (f"{ID} --delay 60 --at mon,tue/09:30",),
    "adbots periods": (f"{ID} --by day --last 14 --time-zone Europe/Berlin",),
    "adbots post-check": (f"{ID} {ID}",),
    "adbots post-checks": (ID,),
    "adbots replace-seat": (f"{ID} {ID} {WHY}",),
    "adbots restore": (ID,),
    "adbots show": (ID,),
    "adbots start": (ID,),
    "adbots statistics": (ID,),
    "adbots stop": (ID,),
    "adbots suspend": (f"{ID} {WHY}",),
    "catalogue add": ("bronze --name B --kind starter --sessions 1 --interval 900 --price 9.00 --days 30",),
    "catalogue reprice": ("bronze 9.00",),
    "catalogue retire": ("bronze",),
    "group-lists assign": (f"{ID} {ID}",),
    "group-lists change": (f"{EMAIL} {ID} --groups-file groups.txt", f"{EMAIL} {ID} --name Flats"),
    "group-lists create": (f"{EMAIL} Flats --group @group", f"{EMAIL} Flats --groups-file groups.txt"),
    "group-lists delete": (f"{EMAIL} {ID}",),
    "group-lists list": (EMAIL,),
    "group-lists option": (f"{EMAIL} {ID} @group --every 3600",),
    "group-lists show": (f"{EMAIL} {ID}",),
    "group-lists unassign": (f"{ID} {ID}",),
    "operations acknowledge": (ID,),
    "operations block-source": (f"@channel {WHY}",),
    "operations block-target": (f"@group {WHY}",),
    "operations pause": (WHY,),
    "operations resume": (WHY,),
    "operations unblock-source": (f"@channel {WHY}",),
    "operations unblock-target": (f"@group {WHY}",),
    "orders cancel": (f"HQADZ-MWPM0SFH-9J8ZHS6IAHLL {WHY}",),
    "orders mark-paid": (f"HQADZ-MWPM0SFH-9J8ZHS6IAHLL {WHY}",),
    "orders refund": (f"HQADZ-MWPM0SFH-9J8ZHS6IAHLL {WHY}",),
    "orders review": (f"HQADZ-MWPM0SFH-9J8ZHS6IAHLL {WHY}",),
    "orders show": ("HQADZ-MWPM0SFH-9J8ZHS6IAHLL",),
    "system dead-letter": ("billing reactions gateway account-1",),
    "system drop": (f"billing reactions gateway account-1 {ID} {WHY}",),
    "system plan": ("billing orders",),
    "system rebuild": (f"billing orders {WHY}",),
    "system retry": (f"billing reactions gateway account-1 {WHY}",),
    "system retry-all": (WHY,),
    "stock add": ("anna.session --strings strings.txt",),
    "stock retire": (f"{ID} {WHY}",),
    "stock add-application": ("--api-id 4711 --api-hash-file hash.txt",),
}
"""What each command is run with, if it needs anything: every way that calls other routes."""
JUDGING = {"orders attention", "adbots check-posts", "system health", "system dead-letters"}
"""Commands that end with 1 if what they show needs a person."""
SILENT = {
    "service": "billing",
    "state": "SILENT",
    "processes": [],
    "relay": None,
    "readers": [],
    "timers": [],
    "problems": ["billing does not answer"],
}
NO_JSON = {"activity export"}


class Answers:
    """The answers of the OpenAPI document's examples, and the operations that were called."""

    def __init__(self, paths: Mapping[str, Mapping[str, Any]]) -> None:
        self._paths = paths
        self._routes = [
            (name, route.method, re.compile(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(route.path)) + r"\Z"))
            for name, route in operators_routes(paths).items()
        ]
        self._by_name = operators_routes(paths)
        self.called: list[str] = []
        self.changed: dict[str, dict[str, object]] = {}
        """What tests let operations answer instead, by their names."""

    def of(self, method: str, path: str) -> tuple[int, str, str]:
        """Return the status, media type and body of an operation's first answer."""
        found = [name for name, its, pattern in self._routes if its == method and pattern.match(path)]
        # a fixed segment goes before one that may be anything, as in the gateway
        name = min(found, key=lambda one: self._by_name[one].path.count("{"))
        self.called.append(name)
        route = self._by_name[name]
        responses = self._paths[route.path][method.lower()]["responses"]
        status = min(responses)
        ((media_type, content),) = responses[status].get("content", {"": {"example": ""}}).items()
        example = content["example"]
        if name == "get_any_post_check":
            example = {**example, "status": "DONE"}
        if name in self.changed:
            example = {**example, **self.changed[name]}
        return int(status), media_type, example if isinstance(example, str) else json.dumps(example)


@pytest.fixture(scope="module")
def paths() -> Mapping[str, Mapping[str, Any]]:
    """The paths of the OpenAPI document."""
    found: Mapping[str, Mapping[str, Any]] = make_app().openapi()["paths"]
    return found


@pytest.fixture
def answers(
    paths: Mapping[str, Mapping[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Answers]:
    """Answers of a server that commands call, in a folder with the files that they are given."""
    known = Answers(paths)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            status, media_type, body = known.of(self.command, urlsplit(self.path).path)
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - as the server calls them

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the server calls it
            """Print nothing."""

    for name in ("groups.txt", "anna.session", "strings.txt", "hash.txt"):
        (tmp_path / name).write_text("@group\n")
    monkeypatch.chdir(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("ADRELAY_GATEWAY_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("ADRELAY_GATEWAY_ADMIN_TOKEN", "x" * 40)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield known
        server.shutdown()
        thread.join()


def operators_commands() -> set[str]:
    """Return the commands that call the gateway, by their words."""
    menu = app.info.cls
    assert isinstance(menu, type)
    assert issubclass(menu, Menu)
    found = set[str]()
    for name, entry in menu.entries.items():
        if entry.section == OPERATE and name != "events":
            group = loaded(name, entry)
            assert isinstance(group, TyperGroup)
            found |= {f"{name} {one}" for one, command in group.commands.items() if not command.hidden}
    return found


def run(command: str, arguments: str) -> tuple[int, str, str]:
    """Return a command's exit code, output and errors."""
    result = CliRunner().invoke(app, [*command.split(), *arguments.split()], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_every_route_of_operators_is_called_by_a_command(paths: Mapping[str, Mapping[str, Any]]) -> None:
    routes = set(operators_routes(paths))
    called = {name for operations in ROUTES.values() for name in operations}
    assert routes - called == set(WITHOUT_COMMAND), "add a command, or say why there is none"
    assert called <= routes


def test_every_command_of_operators_is_registered() -> None:
    assert operators_commands() == set(ROUTES)


@pytest.mark.parametrize("command", sorted(ROUTES))
def test_a_command_calls_its_routes_and_prints_what_they_answer(answers: Answers, command: str) -> None:
    for arguments in ARGUMENTS.get(command, ("",)):
        code, out, err = run(command, arguments)
        assert code in ({0, 1} if command in JUDGING else {0}), err
        assert out.strip(), "it says what there is"
    assert set(answers.called) == set(ROUTES[command])


@pytest.mark.parametrize("command", sorted(set(ROUTES) - NO_JSON))
def test_every_command_prints_json_too(answers: Answers, command: str) -> None:
    code, out, err = run(command, f"{ARGUMENTS.get(command, ('',))[0]} --json")
    assert code in {0, 1}, err
    document = json.loads(out)
    called = answers.called[-1]
    if called.startswith("list_"):
        assert isinstance(document, list), "a list is an array, however many pages it has"


@pytest.mark.parametrize(
    ("command", "operation", "changed", "code"),
    [
        ("system health", "get_system_health", {}, 0),
        ("system health", "get_system_health", {"broker": None}, 1),
        ("system health", "get_system_health", {"services": [SILENT]}, 1),
        ("system dead-letters", "get_dead_letters", {"streams": []}, 0),
        ("system dead-letters", "get_dead_letters", {}, 1),
        ("system dead-letters", "get_dead_letters", {"streams": [], "unanswered": ["billing"]}, 1),
    ],
)
def test_trouble_is_told_by_the_exit_code_also_with_json(
    answers: Answers, command: str, operation: str, changed: dict[str, object], code: int
) -> None:
    answers.changed[operation] = changed
    assert [run(command, json)[0] for json in ("", "--json")] == [code, code]


def test_services_with_more_blocked_streams_than_are_listed_are_named(answers: Answers) -> None:
    answers.changed["get_dead_letters"] = {"more_in": ["billing"]}
    assert "billing has more of them" in run("system dead-letters", "")[1]


def test_health_shows_how_late_timers_are(answers: Answers) -> None:
    timers = [{"name": "cycles", "late_seconds": 7.2}, {"name": "expiries", "late_seconds": 0.0}]
    answers.changed["get_system_health"] = {"services": [{**SILENT, "timers": timers}]}
    assert re.search(r"^billing .* 7 s *$", run("system health", "")[1], re.MULTILINE)
