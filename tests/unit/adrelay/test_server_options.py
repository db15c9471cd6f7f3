"""The servers that tools use, by options and settings."""

from pathlib import Path

import pytest

from adrelay.runtime.local import keep_settings
from adrelay.servers.options import ServerOptions
from adrelay.terminal.outcome import Unusable
from tests.unit.adrelay.settings import SERVERS

pytestmark = pytest.mark.usefixtures("folder")


def test_tools_use_the_servers_of_the_local_up_unless_settings_name_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server, port in (("postgres", "5001"), ("nats", "4001")):
        (folder / ".adrelay" / server).mkdir(parents=True)
        (folder / ".adrelay" / server / "port").write_text(port)
        (folder / ".adrelay" / server / "password").write_text("pw")
    (folder / ".adrelay" / "postgres" / "roles").mkdir()
    for role in ("adrelay_billing", "adrelay_tools"):
        (folder / ".adrelay" / "postgres" / "roles" / role).write_text(f"pw-of-{role}")
    assert ServerOptions(None).databases(["billing"]) == {
        "billing": "postgresql://adrelay_tools_billing:pw-of-adrelay_tools@127.0.0.1:5001/adrelay_billing?sslmode=disable"
    }
    assert ServerOptions(None).databases(["billing"], writing=True) == {
        "billing": "postgresql://adrelay_billing:pw-of-adrelay_billing@127.0.0.1:5001/adrelay_billing?sslmode=disable"
    }
    assert ServerOptions(None).superuser_url() == "postgresql://adrelay:pw@127.0.0.1:5001/?sslmode=disable"
    assert ServerOptions(None).broker().url == "nats://adrelay:pw@127.0.0.1:4001"
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", SERVERS["ADRELAY_POSTGRES_URL"])
    assert ServerOptions(None).databases(["billing"]) == {
        "billing": "postgresql://db.example/adrelay_billing"
    }
    assert ServerOptions(None).broker().url == "nats://adrelay:pw@127.0.0.1:4001"
    monkeypatch.setenv("ADRELAY_NATS_URL", SERVERS["ADRELAY_NATS_URL"])
    assert ServerOptions(None).broker().url == SERVERS["ADRELAY_NATS_URL"]


def test_tools_read_with_their_own_role_and_write_with_that_of_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ADRELAY_BILLING_POSTGRES_URL", "postgresql://b@db.example/money")
    monkeypatch.setenv("ADRELAY_GATEWAY_POSTGRES_URL", "postgresql://g@db.example")
    asked = ["billing", "gateway"]
    assert ServerOptions(None).databases(asked) == {
        "billing": "postgresql://b@db.example/money",
        "gateway": "postgresql://g@db.example/adrelay_gateway",
    }
    monkeypatch.setenv("ADRELAY_EVENTS_POSTGRES_URL", "postgresql://t@db.example/any?sslmode=require")
    assert ServerOptions(None).databases(asked) == {
        "billing": "postgresql://t_billing@db.example/money?sslmode=require",
        "gateway": "postgresql://t_gateway@db.example/adrelay_gateway?sslmode=require",
    }
    assert ServerOptions(None).databases(asked, writing=True)["billing"] == "postgresql://b@db.example/money"
    monkeypatch.setenv("ADRELAY_BILLING_POSTGRES_URL", "postgresql://b:of-billing@own.example:6432/money")
    assert (
        ServerOptions(None).databases(asked)["billing"]
        == "postgresql://t_billing@own.example:6432/money?sslmode=require"
    ), "a service's own server, with the tools' user"
    assert ServerOptions(None).superuser_url() is None
    assert ServerOptions(None).tools_url() == "postgresql://t@db.example/any?sslmode=require"
    monkeypatch.setenv("ADRELAY_SUPERUSER_POSTGRES_URL", "mysql://s:hushhush@db.example")
    with pytest.raises(Unusable, match="ADRELAY_SUPERUSER_POSTGRES_URL is no URL"):
        ServerOptions(None).superuser_url()
    assert ServerOptions(None).tools_url() is not None, "it has nothing to do with the superuser's"


def test_what_a_writing_tool_lacks_is_named_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRELAY_EVENTS_POSTGRES_URL", "postgresql://t@db.example")
    monkeypatch.setenv("ADRELAY_BILLING_API_KEY", "a setting of the service, and none of its store")
    assert len(ServerOptions(None).databases()) == 5
    with pytest.raises(Unusable) as unusable:
        ServerOptions(None).databases(writing=True)
    missing, why = unusable.value.problems
    assert missing.startswith("ADRELAY_POSTGRES_URL is missing")
    assert why.startswith("ADRELAY_EVENTS_POSTGRES_URL is not enough: its user only reads")


@pytest.mark.parametrize(("saved", "prefix"), [(None, "production"), ("", ""), ("demo", "demo")])
def test_a_saved_demo_uses_the_stream_name_of_its_own_settings(
    folder: Path, saved: str | None, prefix: str
) -> None:
    (folder / "saved/nats").mkdir(parents=True)
    (folder / "saved/nats/port").write_text("4001")
    (folder / "saved/nats/password").write_text("pw")
    (folder / ".env").write_text("ADRELAY_NATS_PREFIX=production\n")
    if saved is not None:
        keep_settings(folder / "saved", {"ADRELAY_NATS_PREFIX": saved})
    assert ServerOptions(folder / "saved").broker().prefix == prefix
