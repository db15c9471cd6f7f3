"""An account's adbots name private ids while the operator allows it, and stop when that ends."""

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.commands.scheduler import AllowPrivateIds, ForbidPrivateIds, SetAdvertisement, StartAdbot
from libs.events.scheduler import AdbotStopped, CycleDue, PrivateIdsAllowed, PrivateIdsForbidden, StopReason
from libs.eventsourcing import Causes, Refused
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.integration.scheduler.publishing import ID, OWNER, A, known, provision, service

CLIENT, ADMIN = Causes.first(f"account:{OWNER}"), Causes.first("admin")


async def test_private_ids_are_named_while_the_operator_allows_it(
    harness: ServiceHarness, provisioning: FakeService, client: CommandClient
) -> None:
    wanted = SetAdvertisement(
        adbot=ID, account=OWNER, post="https://t.me/c/7200/12", groups=("@bakers", "-1000000007201")
    )
    async with service(harness):
        await provision(provisioning, A)
        await known(harness)
        with pytest.raises(Refused, match="private_ids_not_allowed") as refused:
            await client.send(wanted, CLIENT)
        assert refused.value.detail.startswith("-1000000007200/12, -1000000007201: ")
        for reason in ("their own groups", "again"):
            await client.send(AllowPrivateIds(account=OWNER, reason=reason), ADMIN)
        await client.send(wanted, CLIENT)
        await client.send(StartAdbot(adbot=ID, account=OWNER), CLIENT)
        (cycle,) = await harness.wait_for(CycleDue)
        assert cycle.groups == ("@bakers", "-1000000007201")
        await client.send(ForbidPrivateIds(account=OWNER, reason="over"), ADMIN)
        (stopped,) = await harness.wait_for(AdbotStopped)
        assert (stopped.reason, stopped.detail) == (
            StopReason.PRIVATE_IDS,
            "-1000000007200/12, -1000000007201",
        )
        with pytest.raises(Refused, match="private_ids_not_allowed"):
            await client.send(StartAdbot(adbot=ID, account=OWNER), CLIENT)
    because = {type(it.event): it.envelope for it in await harness.recorded()}
    assert because[AdbotStopped].causation_id == because[PrivateIdsForbidden].id
    assert because[AdbotStopped].correlation_id == ADMIN.correlation_id
    assert [it.reason for it in await harness.events_of(PrivateIdsAllowed)] == ["their own groups"]
    assert await harness.value("select count(*) from private_ids.private_ids") == 0
