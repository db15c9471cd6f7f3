"""Each process gets the settings of its own class, and no other secrets of the one that starts it."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from adrelay.configuration import ALL, fresh_secrets, settings_of
from adrelay.system import (
    SERVICES,
    Process,
    in_groups,
    metrics_variable,
    nats_variable,
    one_process,
    processes,
    second_process,
)
from libs.chassis.database_roles import url_variable
from libs.chassis.settings import environment_of

CLASSES = {settings.service: settings for settings in ALL}
SHARED = {"ADRELAY_POSTGRES_URL": "postgresql://server", "ADRELAY_NATS_URL": "nats://server"}
PROVIDERS = {"ADRELAY_BILLING_API_KEY": "of the provider", "ADRELAY_BILLING_IPN_SECRET": "of the provider"}
STRANGERS = {
    "POSTGRES_PASSWORD": "of somebody",
    "AWS_SECRET_ACCESS_KEY": "of somebody",
    "adrelay_gateway_x": "of a typo",
}
SECRETS = {**fresh_secrets(), **PROVIDERS}
NEEDED = {"PATH": "/usr/bin", "LANG": "C.UTF-8", "HTTPS_PROXY": "http://proxy:3128"}
PROGRAM = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


@pytest.mark.parametrize("process", processes(workers=1), ids=lambda process: process.name)
async def test_a_process_is_given_the_settings_of_its_class_alone(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**SECRETS, **STRANGERS, **NEEDED}.items():
        monkeypatch.setenv(name, value)
    found = await _environment(process, tmp_path)

    settings = CLASSES[process.module.split(".")[1]]
    assert {name: found.get(name) for name in NEEDED} == NEEDED
    assert not STRANGERS.keys() & found.keys()
    of_adrelay = {name: value for name, value in found.items() if name.upper().startswith("ADRELAY_")}
    assert environment_of(settings, of_adrelay) == of_adrelay
    assert SHARED.items() <= of_adrelay.items()


@pytest.mark.parametrize(
    ("secret", "holders"),
    [
        ("ADRELAY_GATEWAY_COMMAND_KEY", {"gateway"}),
        ("ADRELAY_GATEWAY_JWT_SECRET", {"gateway"}),
        ("ADRELAY_GATEWAY_CODE_PEPPER", {"gateway"}),
        ("ADRELAY_GATEWAY_ADMIN_TOKEN", {"gateway"}),
        ("ADRELAY_FORWARDER_VAULT_KEYS", {"forwarder", "worker-1"}),
        ("ADRELAY_GATEWAY_VAULT_PUBLIC_KEY", {"gateway"}),
        ("ADRELAY_BILLING_API_KEY", {"billing"}),
        ("ADRELAY_BILLING_IPN_SECRET", {"billing", "gateway"}),
    ],
)
async def test_a_secret_is_given_to_those_who_use_it(
    secret: str, holders: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(secret, SECRETS[secret])
    environments = {one.name: await _environment(one, tmp_path) for one in processes(workers=1)}

    assert {name for name, found in environments.items() if secret in found} == holders


async def test_services_of_one_process_read_what_each_would_be_given_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**SECRETS, **STRANGERS, "ADRELAY_LOG_LEVEL": "debug"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ADRELAY_BILLING_LOG_LEVEL", "error")
    urls = {**SHARED, **{nats_variable(name): f"nats://{name}" for name in SERVICES}}
    ports = {name: 5000 + number for number, name in enumerate(SERVICES)}
    together = await _environment(one_process(ports=ports), tmp_path, urls)
    assert not STRANGERS.keys() & together.keys()
    for process in processes(workers=0, ports=ports):
        alone = await _environment(process, tmp_path, urls)
        kind = CLASSES[process.name]
        found, expected = (environment_of(kind, one) for one in (together, alone))
        own = {f"ADRELAY_{process.name.upper()}_LOG_FILE", "ADRELAY_FORWARDER_RUNS_POOL"}
        assert without(own, found) == without(own, expected)
    assert together["ADRELAY_FORWARDER_RUNS_POOL"] == "true"
    assert {together[f"ADRELAY_{name.upper()}_LOG_FILE"] for name in SERVICES} == {
        str(tmp_path / "services.log")
    }


def test_whoever_asks_or_sends_stops_before_the_services_that_answer() -> None:
    first, last = in_groups(processes(workers=2))
    assert [one.name for one in first] == ["billing", "provisioning", "scheduler", "forwarder"]
    assert [one.name for one in last] == ["gateway", "worker-1", "worker-2"]
    assert [[one.name for one in group] for group in in_groups([one_process()])] == [["services"]]


async def test_the_first_process_of_a_service_alone_has_the_port_of_its_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SERVICES:
        monkeypatch.setenv(metrics_variable(name), "9100")
    for process in (*processes(workers=1), one_process(), second_process("billing-2", "billing")):
        found = await _environment(process, tmp_path)
        expected = "0" if process.name in {"worker-1", "billing-2"} else "9100"
        assert {found[metrics_variable(service)] for service in process.ports} == {expected}, process.name


def without(names: set[str], environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


async def test_a_process_is_given_the_users_of_no_other_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "NATS_URL",
        "EVENTS_NATS_URL",
        "POSTGRES_URL",
        "EVENTS_POSTGRES_URL",
        "SUPERUSER_POSTGRES_URL",
    ):
        monkeypatch.setenv(f"ADRELAY_{name}", "of the operator")
    users = {nats_variable(name): f"nats://{name}" for name in SERVICES}
    roles = {url_variable(name): f"postgresql://{name}" for name in SERVICES}
    for process in processes(workers=1):
        found = await _environment(process, tmp_path, users | roles)
        owner = process.module.split(".")[1]
        assert {name: value for name, value in found.items() if name.endswith("_URL") and "://" in value} == {
            nats_variable(owner): f"nats://{owner}",
            url_variable(owner): f"postgresql://{owner}",
        }
        assert "of the operator" not in found.values()


async def test_a_process_is_told_that_tls_to_postgresql_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "/etc/authority.pem"}
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    for process in processes(workers=1):
        found = await _environment(process, tmp_path)
        assert {name: found.get(name) for name in wanted} == wanted


async def _environment(process: Process, folder: Path, shared: Mapping[str, str] = SHARED) -> dict[str, str]:
    """Start an interpreter in the place of a process's, and return its environment."""
    place = folder / f"{process.name}.json"
    stand_in = replace(process, python=(sys.executable, "-c", PROGRAM, str(place)))
    settings = settings_of(process.ports, {**os.environ, **shared})
    service = stand_in.service(settings, folder)
    await service.start()
    await service.wait()
    return dict(json.loads(place.read_text()))
