"""Decisions on webhooks."""

from dataclasses import replace
from uuid import uuid4

import pytest

from libs.events.gateway import (
    HookAdded,
    HookChanged,
    HookDeleted,
    HookId,
    HookOffReason,
    HookSecretRotated,
    HookSwitchedOff,
    HookSwitchedOn,
)
from libs.events.values import AccountId
from libs.eventsourcing import ImpossibleEvent, Refused
from libs.eventsourcing.testing import scenarios
from services.gateway.hooks.commands import (
    Add,
    Change,
    Delete,
    HookSettings,
    RotateSecret,
    SwitchOff,
    SwitchOn,
)
from services.gateway.hooks.domain import HOOK, MOST_HOOKS, HookEvent
from services.gateway.hooks.event_names import EVENT_NAMES, TEST
from services.gateway.hooks.urls import LONGEST_URL, check_url
from services.gateway.tables.changes import NAMED

hook = scenarios(HOOK)

ID, ANNA, BERT = HookId(uuid4()), AccountId(uuid4()), AccountId(uuid4())
URL = "https://example.org/hook"
SETTINGS = HookSettings(URL, ("adbot.stopped",), "ours")
ADD = Add(ID, ANNA, SETTINGS, 0, private_networks=False)
ADDED = HookAdded(hook=ID, account=ANNA, url=URL, events=("adbot.stopped",), description="ours")
OFF = HookSwitchedOff(hook=ID, account=ANNA, why=HookOffReason.GONE, detail="410")
ON = HookSwitchedOn(hook=ID, account=ANNA)
DELETED = HookDeleted(hook=ID, account=ANNA)


def test_a_webhook_is_added_once() -> None:
    hook.when(ADD).then(ADDED)
    hook.given(ADDED).when(ADD).refused("webhook_exists")


def test_an_account_has_at_most_ten() -> None:
    hook.when(replace(ADD, others=MOST_HOOKS - 1)).then(ADDED)
    hook.when(replace(ADD, others=MOST_HOOKS)).refused("too_many_webhooks")


def test_settings_are_replaced_unless_they_are_the_same() -> None:
    other = HookSettings("https://example.org:8443/", ("order.placed", "adbot.started"), "")
    changed = HookChanged(hook=ID, account=ANNA, url=other.url, events=other.events, description="")
    change = Change(ID, ANNA, other, private_networks=False)
    hook.given(ADDED).when(change).then(changed)
    hook.given(ADDED, changed).when(change).then()
    private = replace(change, settings=replace(other, url="https://10.0.0.1/"))
    hook.given(ADDED).when(private).refused("private_webhook_url")


@pytest.mark.parametrize(
    "events", [(), ("*",), ("adbot.*",), ("adbot.cycle_due",), (TEST,), ("adbot.stopped", "x.y")]
)
def test_only_listed_events_can_be_chosen(events: tuple[str, ...]) -> None:
    hook.when(replace(ADD, settings=replace(SETTINGS, events=events))).refused("malformed_webhook_events")


def test_it_is_switched_off_and_on_once() -> None:
    off = SwitchOff(ID, ANNA, HookOffReason.GONE, "410")
    hook.given(ADDED).when(off, off).then(OFF)
    hook.given(ADDED).when(SwitchOn(ID, ANNA)).then()
    hook.given(ADDED, OFF).when(SwitchOn(ID, ANNA)).then(ON)


def test_the_secret_of_a_webhook_is_not_in_its_event() -> None:
    hook.given(ADDED).when(RotateSecret(ID, ANNA)).then(HookSecretRotated(hook=ID, account=ANNA))


def test_a_deleted_webhook_is_unknown() -> None:
    hook.given(ADDED).when(Delete(ID, ANNA)).then(DELETED)
    hook.given(ADDED, DELETED).when(Delete(ID, ANNA)).refused("unknown_webhook")
    hook.given(ADDED, DELETED).when(SwitchOn(ID, ANNA)).refused("unknown_webhook")


def test_a_webhook_of_another_account_is_unknown() -> None:
    for command in (
        Change(ID, BERT, SETTINGS, private_networks=False),
        SwitchOff(ID, BERT, HookOffReason.BY_OWNER),
        SwitchOn(ID, BERT),
        RotateSecret(ID, BERT),
        Delete(ID, BERT),
    ):
        hook.given(ADDED).when(command).refused("unknown_webhook")


@pytest.mark.parametrize("history", [[ON], [ADDED, ADDED], [ADDED, DELETED, ON]])
def test_an_impossible_history_is_an_error(history: list[HookEvent]) -> None:
    with pytest.raises(ImpossibleEvent):
        hook.given(*history).state()


def test_the_events_are_those_of_live_changes_without_cycles() -> None:
    names = {f"{kind}.{name}" for kind, name in NAMED.values()}
    assert {name for name in names if not name.startswith("adbot.cycle_")} == set(EVENT_NAMES)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://Example.org/hook?a=b&c=%20d",
        "https://xn--bcher-kva.example:8443/~x",
        "https://example.org:1024/",
        "https://8.8.8.8/hook",
        "https://[2606:4700:4700::1111]/hook",
    ],
)
def test_a_public_https_url_is_accepted(url: str) -> None:
    check_url(url, private_networks=False)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "malformed_webhook_url"),
        ("http://example.org/", "malformed_webhook_url"),
        ("ftp://example.org/", "malformed_webhook_url"),
        ("file:///etc/passwd", "malformed_webhook_url"),
        ("https://", "malformed_webhook_url"),
        ("https://user:word@example.org/", "malformed_webhook_url"),
        ("https://example.org@10.0.0.1/", "malformed_webhook_url"),
        ("https://example.org\\@10.0.0.1/", "malformed_webhook_url"),
        ("https://example.org/a b", "malformed_webhook_url"),
        ("https://example.org/\r\nx: y", "malformed_webhook_url"),
        ("https://example.org/\n", "malformed_webhook_url"),
        ("https://example.org/#part", "malformed_webhook_url"),
        ("https://bücher.example/", "malformed_webhook_url"),
        ("https://example.org:25/", "malformed_webhook_url"),
        ("https://example.org:80/", "malformed_webhook_url"),
        ("https://example.org:65536/", "malformed_webhook_url"),
        ("https://localhost/", "malformed_webhook_url"),
        ("https://127.1/", "malformed_webhook_url"),
        ("https://2130706433/", "malformed_webhook_url"),
        ("https://0x7f.0.0.0x1/", "malformed_webhook_url"),
        ("https://a..example/", "malformed_webhook_url"),
        ("https://127.0.0.1/", "private_webhook_url"),
        ("https://10.1.2.3/", "private_webhook_url"),
        ("https://169.254.169.254/latest/meta-data", "private_webhook_url"),
        ("https://100.100.100.200/", "private_webhook_url"),
        ("https://[::1]/", "private_webhook_url"),
        ("https://[::ffff:10.0.0.1]/", "private_webhook_url"),
        ("https://[::ffff:8.8.8.8]/", "private_webhook_url"),
        ("https://[fd00:ec2::254]/", "private_webhook_url"),
        ("https://example.org/" + "a" * LONGEST_URL, "malformed_webhook_url"),
    ],
)
def test_any_other_url_is_refused(url: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_url(url, private_networks=False)
    assert refused.value.code == code


def test_a_trial_on_one_machine_may_use_http_and_loopback_and_no_credentials() -> None:
    check_url("http://127.0.0.1:8000/hook", private_networks=True)
    check_url("http://localhost:25/hook", private_networks=True)
    with pytest.raises(Refused):
        check_url("http://user@localhost/", private_networks=True)
