"""This program takes over an installation of an older one: nothing is handled twice, and nothing is skipped.

The older program was stopped in the middle of an adbot's fifth cycle. Its events are on subjects of their
streams, the gateway's readers lag behind since the second cycle, and some events are not on the stream.
"""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adrelay.demo import steps
from adrelay.demo.rest import Json, Rest
from tests.e2e.taken_over import Facts, TakenOver, taken_over
from tests.integration.events_cli.program import CommandResult, ran
from tests.older_data.answers import answers, by_time
from tests.support.databases import opened
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(360)

IN_PROGRESS = 5
"""The number of the cycle in progress."""
CYCLES = 7
"""How many cycles have ended when the adbot is stopped, those of the older program included."""
HELD_BACK = 3
"""How many groups of the cycle in progress had not got the post."""
NEW_EVENTS = {
    "billing": set[str](),
    "provisioning": set[str](),
    "scheduler": {"CycleDue", "CycleSkipped", "AdbotStopped"},
    "forwarder": {"CycleStarted", "DeliveriesRecorded", "CycleFinished"},
    "gateway": {
        "AccessCodeReset",
        "DeviceSignedIn",
        "MailSent",
        "NotificationRaised",
    },
}
"""The types of events that follow from further cycles, of which some may overrun, a sign-in and a stop; and
what is told of adbots, which the older program did not do."""
_FINISHED = "select count(*) from engine.events where type = 'CycleFinished'"
ORDER_KINDS = {"order_placed", "payment_received", "partial_payment", "order_expired"}
"""The kinds of notifications of the older program."""


@dataclass
class AtRest:
    """The system after some cycles of this program, when its adbot is stopped and all is handled."""

    system: TakenOver
    after: Facts
    log: list[Json]
    answers: Json

    @property
    def before(self) -> Facts:
        return self.system.before

    @property
    def recorded(self) -> Json:
        return self.system.recorded

    @property
    def schedule(self) -> str:
        return f"schedule-{self.recorded['adbot']}"

    async def ran(self, *arguments: str) -> CommandResult:
        return await ran(self.system.tools, *arguments)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def at_rest(servers_folder: Path) -> AsyncIterator[AtRest]:
    async with taken_over(servers_folder / "taken_over") as system:
        email = system.recorded["email"]
        async with Rest(system.url, system.admin_token) as operator:
            code = (await operator.post("/admin/accounts/access-code", {"email": email}))["access_code"]
        async with Rest(system.url) as visitor:
            token = (await visitor.post("/auth/sign-in", {"access_code": code}))["token"]

        async def ended() -> int:
            async with opened(system.databases["forwarder"]) as forwarder:
                return int(await forwarder.fetchval(_FINISHED))

        async with Rest(system.url, token) as rest:
            client = steps.Client(rest, system.recorded["adbot"])
            await until(ended, lambda count: count >= CYCLES)
            await steps.stop(client)  # seconds before the next cycle is due
            await until(lambda: waiting(system), lambda count: count == 0)
            log = await client.log()
        found = await answers(system.url, system.admin_token, email)
        await until(lambda: waiting(system), lambda count: count == 0)
        yield AtRest(system, await system.facts(), log, found)


async def waiting(system: TakenOver) -> int:
    """Return how many events relays and readers have not handled yet."""
    lag = (await ran(system.tools, "lag", "--json")).document
    return int(sum(one["behind"] for one in lag["relays"]) + sum(one["waiting"] for one in lag["readers"]))


async def test_the_older_data_is_what_these_tests_are_about(at_rest: AtRest) -> None:
    stored = sum(len(events) for events in at_rest.before.events.values())
    assert at_rest.before.published["event"] == 0
    assert 0 < at_rest.before.published["ev"] < stored
    assert set(at_rest.before.offsets.values()) == {None}
    assert (at_rest.before.with_snapshots, at_rest.after.with_snapshots) == (set(), set(at_rest.after.events))
    last = at_rest.before.events["forwarder"][-1]
    lagging = at_rest.before.checkpoints["gateway", "read-models", "forwarder"]
    assert lagging < (last["xid"], last["position"])
    assert at_rest.before.types("forwarder")["CycleFinished"] == IN_PROGRESS - 1


async def test_stored_events_stay_and_only_further_cycles_are_added(at_rest: AtRest) -> None:
    for service, events in at_rest.before.events.items():
        assert at_rest.after.events[service][: len(events)] == events
        assert set(at_rest.after.types(service) - at_rest.before.types(service)) <= NEW_EVENTS[service]
    assert at_rest.after.types("gateway")["AccessCodeReset"] > 0


async def test_relays_go_on_where_the_older_ones_stopped_on_partitions(at_rest: AtRest) -> None:
    stored = sum(len(events) for events in at_rest.after.events.values())
    assert at_rest.after.published["ev"] == at_rest.before.published["ev"]
    assert at_rest.after.published["event"] == stored - at_rest.before.published["ev"]


async def test_every_reader_has_come_to_the_end_of_what_it_reads(at_rest: AtRest) -> None:
    lag = await at_rest.ran("lag", "--json")
    assert lag.code == 0, lag.out
    readers = {(one["service"], one["name"]) for one in lag.document["readers"]}
    assert readers >= set(at_rest.before.offsets)
    for key, checkpoint in at_rest.before.checkpoints.items():
        assert at_rest.after.checkpoints[key] >= checkpoint
    for source in ("scheduler", "forwarder"):
        last = at_rest.after.events[source][-1]
        reached = at_rest.after.checkpoints["gateway", "read-models", source]
        assert reached == (last["xid"], last["position"])
        assert at_rest.after.offsets["gateway", "read-models"] is not None


async def test_tables_and_the_stream_pass_verification(at_rest: AtRest) -> None:
    verified = await at_rest.ran("verify", "--json")
    assert verified.code == 0, verified.out + verified.err
    compared = {one["service"]: one["compared"] for one in verified.document["streams"]}
    assert compared == {service: len(events) for service, events in at_rest.after.events.items()}
    assert {one["service"] for one in verified.document["tables"]} == set(at_rest.after.events)


async def test_a_running_adbots_cycles_go_on_with_the_next_number_each_group_once(at_rest: AtRest) -> None:
    numbers = [event["data"]["number"] for event in await shown(at_rest) if event["type"] == "CycleDue"]
    assert numbers == list(range(1, CYCLES + 1))
    groups: dict[str, int] = at_rest.recorded["groups"]
    cycles = steps.cycles_in(at_rest.log)
    assert len(cycles) == CYCLES
    assert Counter((line["cycle"], line["group"]) for line in at_rest.log) == Counter(
        (cycle, group) for cycle in cycles for group in groups
    )
    assert {line["result"] for line in at_rest.log} == {"SENT"}
    # in the cycle in progress only the groups that had not got the post get it now
    posts = Counter(len(at_rest.system.world.messages(chat)) for chat in groups.values())
    later = CYCLES - IN_PROGRESS
    assert posts == {later + 1: HELD_BACK, later: len(groups) - HELD_BACK}
    assert not at_rest.system.world.held_twice()


async def shown(at_rest: AtRest) -> list[Any]:
    result = await at_rest.ran("show", at_rest.schedule, "--json")
    assert result.code == 0, result.err
    return result.documents


async def test_older_events_have_no_effects_again(at_rest: AtRest) -> None:
    older = at_rest.recorded["answers"]
    for part in ("orders", "own_orders", "advertisement"):
        assert at_rest.answers[part] == older[part], part
    notifications = [one for one in at_rest.answers["notifications"] if one["kind"] in ORDER_KINDS]
    assert notifications == older["notifications"]
    known = [line for line in at_rest.answers["logs"] if line in older["logs"]]
    assert by_time(known) == by_time(older["logs"])
    assert at_rest.after.attention == at_rest.before.attention
    mails = await at_rest.system.mails.mails(at_rest.recorded["email"])
    assert all("adbot" in mail.subject for mail in mails)  # of which the older program did not tell


async def test_tools_read_events_of_both_programs(at_rest: AtRest) -> None:
    last = at_rest.after.events["scheduler"][-1]
    for event in (at_rest.before.events["scheduler"][0], last):
        assert event["stream"] == at_rest.schedule
    versions = [event["version"] for event in at_rest.after.events["scheduler"]]
    assert [event["version"] for event in await shown(at_rest)] == versions
    tail = await at_rest.ran("tail", "--no-follow", "--json", "--last", "1000", "--stream", at_rest.schedule)
    assert [event["version"] for event in tail.documents] == versions
    whole = await at_rest.ran("tail", "--no-follow", "--json", "--last", "100000")
    ids = Counter(str(event["id"]) for events in at_rest.after.events.values() for event in events)
    assert Counter(event["id"] for event in whole.documents) == ids
    traced = await at_rest.ran(
        "trace", at_rest.recorded["answers"]["own_orders"][0]["order_number"], "--json"
    )
    assert traced.code == 0, traced.err
    assert str(at_rest.before.events["scheduler"][0]["id"]) in traced.out
    assert str(last["id"]) in traced.out
