"""An account of an older version is erased: its address is found nowhere, and all tools still work.

The older program stored e-mail addresses in events and read models; its adbot runs.
"""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import nats
import pytest
import pytest_asyncio

from adrelay.demo.rest import Json, Rest
from libs.chassis.broker import event_stream
from libs.chassis.database_roles import SUPERUSER_URL
from tests.e2e.taken_over import TakenOver, taken_over
from tests.integration.events_cli.program import CommandResult, ran
from tests.support.everywhere import tables_with
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(360)

HOLDING = {
    "billing": {"engine.events"},
    "gateway": {"engine.events", "personal.addresses"},
}
"""The tables that hold the address before, apart from archived ones."""


DEPEND_ON_ORDER = {"running_cycles"}
"""Folded from events of two services: a stream that is filled anew does not keep the order between them."""


@dataclass
class Erased:
    """The system after its only client was erased and its events were stripped."""

    system: TakenOver
    account: str
    order: str
    answer: Json
    """The answer to the erasure, while events still held the address."""
    counted: CommandResult
    """What a dry run said before the addresses were removed."""
    stripped: CommandResult

    @property
    def email(self) -> str:
        return str(self.system.recorded["email"])

    async def ran(self, *arguments: str, **settings: str) -> CommandResult:
        return await ran(self.system.tools | settings, *arguments)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def erased(servers_folder: Path) -> AsyncIterator[Erased]:
    async with (
        taken_over(servers_folder / "erased") as system,
        Rest(system.url, system.admin_token) as operator,
    ):
        email = system.recorded["email"]
        for service, tables in HOLDING.items():
            assert tables <= set(await tables_with(system.databases[service], email)), service
        locked = await operator.post(f"/admin/accounts/{email}/suspend", {"reason": "wants to leave"})
        account = locked["id"]

        async def suspended() -> bool:
            adbots = (await operator.get("/admin/adbots"))["items"]
            return {adbot["status"] for adbot in adbots} == {"SUSPENDED"}

        await until(suspended)
        answer = await operator.post(f"/admin/accounts/{account}/erase", {})
        counted = await ran(system.tools, "strip-addresses", "--dry-run", "--json")
        stripped = await ran(system.tools, "strip-addresses", "--yes", "--json")
        order = system.recorded["answers"]["own_orders"][0]["order_number"]
        yield Erased(system, account, order, answer, counted, stripped)


async def test_the_answer_says_that_older_events_still_have_the_address(erased: Erased) -> None:
    assert erased.answer["account"] == erased.account
    assert erased.answer["address_in_events"] is True
    assert erased.counted.code == 1, erased.counted.err
    counts = {one["service"]: one["events"] for one in erased.counted.document}
    assert counts["billing"] > 0
    assert counts["gateway"] > 0
    assert erased.stripped.code == 0, erased.stripped.err
    again = await erased.ran("strip-addresses", "--dry-run", "--json")
    assert again.code == 0, again.out
    assert {one["events"] + one["dead_letters"] for one in again.document} == {0}


async def test_the_address_is_in_no_table_of_any_store(erased: Erased) -> None:
    for service, url in erased.system.databases.items():
        assert await tables_with(url, erased.email) == [], service


async def test_the_address_is_in_no_message_of_the_stream(erased: Erased) -> None:
    client = await nats.connect(erased.system.nats.url)
    try:
        jetstream, stream = client.jetstream(), event_stream(client)
        state = (await jetstream.stream_info(stream.name)).state
        bodies = [
            (await jetstream.get_msg(stream.name, number)).data or b""
            for number in range(state.first_seq, state.last_seq + 1)
        ]
    finally:
        await client.close()
    assert any(erased.order.encode() in body for body in bodies)
    assert not any(erased.email.encode() in body for body in bodies)


async def test_tables_and_the_stream_pass_verification(erased: Erased) -> None:
    verified = (await erased.ran("verify", "--json")).document
    different = [
        table
        for one in verified["tables"]
        for table in one["tables"]
        if (table["missing"] or table["surplus"]) and one["name"] not in DEPEND_ON_ORDER
    ]
    assert different == []
    assert [one["findings"] for one in verified["streams"]] == [[]] * len(erased.system.databases)
    assert verified["problems"] == []


async def test_streams_of_stripped_events_are_shown_and_traced(erased: Erased) -> None:
    for stream in (f"account-{erased.account}", f"order-{erased.order}", f"inbox-{erased.account}"):
        shown = await erased.ran("show", stream, "--json")
        assert shown.code == 0, shown.err
        assert erased.email not in shown.out
    last = (await erased.ran("show", f"account-{erased.account}", "--json")).documents[-1]
    assert (last["type"], last["state"]["erased"]) == ("AccountErased", True)
    traced = await erased.ran("trace", erased.order)
    assert traced.code == 0, traced.err
    unknown = await erased.ran("trace", erased.email)
    assert unknown.code == 1
    assert "nothing is known" in unknown.err


async def test_tables_are_rebuilt_from_stripped_events(erased: Erased) -> None:
    for service, table in (("gateway", "accounts"), ("gateway", "orders"), ("billing", "promises")):
        rebuilt = await erased.ran("rebuild", service, table, "--yes")
        assert rebuilt.code == 0, rebuilt.err
    for service in ("billing", "gateway"):
        assert await tables_with(erased.system.databases[service], erased.email) == []


async def test_stripped_events_are_exported_and_imported(erased: Erased, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    exported = await erased.ran("export", "--output", str(file), "--json")
    assert exported.code == 0, exported.err
    assert erased.email not in file.read_text()
    superuser = {SUPERUSER_URL: erased.system.postgres.url("")}
    imported = await erased.ran("import", str(file), "--into", "erased_copy", "--json", **superuser)
    assert imported.code == 0, imported.err
    assert imported.document["events"] == exported.document["events"]
