"""Private ids: refused without the operator's permission."""

from dataclasses import replace

import pytest

from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    PrivateIdsAllowed,
    PrivateIdsForbidden,
    StopReason,
)
from libs.eventsourcing.testing import scenarios
from services.scheduler.permissions.commands import Allow, Forbid
from services.scheduler.permissions.domain import PERMISSIONS
from services.scheduler.schedule.commands import EndPrivate, Start
from services.scheduler.schedule.domain import SCHEDULE
from tests.unit.scheduler.test_schedule import ADBOT, ID, NOON, OWNER, POST, due, run_at, set_to

schedule = scenarios(SCHEDULE)
permissions = scenarios(PERMISSIONS)

TRUSTED = replace(ADBOT, private_ids=True)
SET = AdvertisementSet(adbot=ID, post=POST, groups=("@bakers", "-1000000007200/5"))
STARTED = AdbotStarted(adbot=ID, started_at=NOON, anchor=NOON, interval_seconds=600)
STOPPED = AdbotStopped(adbot=ID, reason=StopReason.PRIVATE_IDS, detail="-1000000007200/5")


@pytest.mark.parametrize(
    ("post", "group", "named"),
    [
        ("t.me/c/7200/5", "@bakers", "-1000000007200/5"),
        ("t.me/c/7200/3/5", "@bakers", "-1000000007200/5"),
        ("t.me/news/12", "-1000000007200", "-1000000007200"),
        ("t.me/news/12", "t.me/c/7200/5", "-1000000007200/5"),
        ("buy bread", "https://telegram.me/c/7200", "-1000000007200"),
    ],
)
def test_an_advertisement_that_names_a_private_id_is_refused(post: str, group: str, named: str) -> None:
    refused = schedule.when(set_to(post, "@millers", group)).refused("private_ids_not_allowed")
    assert refused.detail.startswith(f"{named}: ")
    wanted = set_to(post, "@millers", group, adbot=TRUSTED)
    schedule.when(wanted).then(AdvertisementSet(adbot=ID, post=wanted.post, groups=wanted.groups))


def test_the_refusal_of_many_private_ids_stays_readable() -> None:
    wanted = replace(set_to(), groups=tuple(f"-100{number}" for number in range(1, 500)))
    refused = schedule.when(wanted).refused("private_ids_not_allowed")
    assert "-10020 and 479 more: " in refused.detail
    stops = schedule.given(SET.model_copy(update={"groups": wanted.groups}), STARTED).when(EndPrivate(ADBOT))
    stops.then(STOPPED.model_copy(update={"detail": "-1001, -1002, -1003 and 496 more"}))


def test_public_names_and_invitations_need_no_permission() -> None:
    wanted = set_to("t.me/news/12", "@bakers/5", "t.me/+AbCdEfGh12")
    schedule.when(wanted).then(AdvertisementSet(adbot=ID, post=POST, groups=("@bakers/5", "+AbCdEfGh12")))


def test_an_adbot_with_an_earlier_advertisement_does_not_start_without_permission() -> None:
    schedule.given(SET).when(Start(ADBOT, OWNER, NOON)).refused("private_ids_not_allowed")
    schedule.given(SET).when(Start(ADBOT, None, NOON)).refused("private_ids_not_allowed")
    schedule.given(SET).when(Start(TRUSTED, OWNER, NOON)).then(STARTED)


def test_a_running_adbot_without_permission_stops_when_it_is_due() -> None:
    schedule.given(SET, STARTED).when(run_at(0)).then(STOPPED)
    allowed = due(0).model_copy(update={"groups": SET.groups})
    schedule.given(SET, STARTED).when(run_at(0, TRUSTED)).then(allowed)


def test_adbots_stop_as_soon_as_the_permission_ends() -> None:
    schedule.given(SET, STARTED).when(EndPrivate(ADBOT)).then(STOPPED)
    schedule.given(SET, STARTED).when(EndPrivate(TRUSTED)).then()
    schedule.given(SET, STARTED).when(EndPrivate(None)).then()
    schedule.given(SET).when(EndPrivate(ADBOT)).then()
    public = SET.model_copy(update={"groups": ("@bakers",)})
    schedule.given(public, STARTED).when(EndPrivate(ADBOT)).then()
    schedule.when(EndPrivate(ADBOT)).then()


def test_a_permission_is_granted_and_revoked_once() -> None:
    allowed, forbidden = (
        PrivateIdsAllowed(account=OWNER, reason="own groups"),
        PrivateIdsForbidden(account=OWNER, reason="over"),
    )
    permissions.when(Allow(OWNER, "own groups")).then(allowed)
    permissions.given(allowed).when(Allow(OWNER, "again")).then()
    permissions.given(allowed).when(Forbid(OWNER, "over")).then(forbidden)
    permissions.given(allowed, forbidden).when(Forbid(OWNER, "over")).then()
    permissions.given(allowed, forbidden).when(Allow(OWNER, "own groups")).then(allowed)
    permissions.when(Forbid(OWNER, "over")).then()
