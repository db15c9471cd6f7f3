"""Snapshots: code that may fold another state raises their version, and a stored state is read as it was."""

import json
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.events.gateway import NoticeId, NoticeKind
from libs.events.scheduler import GroupListId, GroupOption, PacingSet
from libs.events.values import (
    AccountId,
    AdbotId,
    ChannelPost,
    CycleId,
    NotificationId,
    Party,
    ResultClass,
    SendOptions,
    SessionId,
    TextPost,
)
from libs.eventsourcing import Decider
from services.forwarder.access.domain import Access, LastingDenial
from services.forwarder.client.domain import Client
from services.gateway.inbox.domain import Inbox, MailState
from services.gateway.notices.domain import Notices
from services.scheduler.group_lists.state import GroupList
from services.scheduler.post_checks.domain import PostChecks
from services.scheduler.schedule.running import Running
from services.scheduler.schedule.state import AdbotPacing, Advertisement, Schedule
from tests.contracts.examples import EXAMPLES
from tests.contracts.snapshots import FILE, deciders, pinned

PACED = EXAMPLES["PacingSet"]
assert isinstance(PACED, PacingSet)
AT = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
STATES: dict[str, list[object]] = {
    "scheduler.schedule": [
        Schedule(AdbotId(UUID(int=1))),
        Schedule(
            adbot=AdbotId(UUID(int=1)),
            advertisement=Advertisement(ChannelPost(channel="@source", message=5), ("@group", "-100123/7")),
            running=Running(AT, timedelta(seconds=600.5), AT, CycleId(UUID(int=2)), AT),
            cycles=4320,
            last_cycle=AT,
        ),
        Schedule(AdbotId(UUID(int=1)), Advertisement(TextPost(text="é\n"), ())),
        Schedule(AdbotId(UUID(int=1)), pacing=AdbotPacing(15.5, None, PACED.cadence)),
        Schedule(
            AdbotId(UUID(int=1)),
            Advertisement(
                TextPost(text="x"),
                (),
                lists=(GroupListId(UUID(int=4)),),
                group_options=(GroupOption(group="@group", paused=True, every_seconds=60),),
                options=SendOptions(author=False),
            ),
            spaced={"@group/7": AT},
        ),
    ],
    "scheduler.grouplist": [
        GroupList(GroupListId(UUID(int=4)), AccountId(UUID(int=5)), "Flats", ("@group", "-1001234567890/7")),
        GroupList(
            GroupListId(UUID(int=4)),
            AccountId(UUID(int=5)),
            "Flats",
            ("@group",),
            (GroupOption(group="@group", every_seconds=60),),
            deleted=True,
        ),
    ],
    "forwarder.access": [
        Access(AdbotId(UUID(int=1))),
        Access(
            AdbotId(UUID(int=1)),
            (
                LastingDenial(
                    Party.TARGET, None, "@group", ResultClass.TARGET_GONE, "TOPIC_CLOSED", AT, 2, AT
                ),
                LastingDenial(
                    Party.SEAT_AT_SOURCE,
                    SessionId(UUID(int=3)),
                    "-1001234567890",
                    ResultClass.SOURCE_BROKEN,
                    "NOT_A_MEMBER",
                    AT,
                    1,
                    AT,
                ),
            ),
        ),
    ],
    "forwarder.client": [
        Client(SessionId(UUID(int=3))),
        Client(SessionId(UUID(int=3)), paused_until=AT, dead=True),
        Client(SessionId(UUID(int=3)), unreachable=True),
    ],
    "gateway.inbox": [
        Inbox(AccountId(UUID(int=5)), {}, 0),
        Inbox(
            AccountId(UUID(int=5)),
            {NotificationId(UUID(int=7)): MailState.SENT, NotificationId(UUID(int=6)): MailState.NONE},
            2,
            frozenset({NotificationId(UUID(int=6))}),
        ),
    ],
    "gateway.notice": [
        Notices(NoticeKind.LOW_STOCK, NoticeId(UUID(int=8)), 3, AT),
        Notices(NoticeKind.SALE_REFUSED, NoticeId(UUID(int=8)), 1, AT, over=True, acknowledged=True),
    ],
    "scheduler.postchecks": [PostChecks(AdbotId(UUID(int=1))), PostChecks(AdbotId(UUID(int=1)), (AT, AT))],
}


@pytest.mark.parametrize("name", sorted(deciders()))
def test_code_that_folds_states_changes_only_with_the_version(name: str) -> None:
    known = json.loads(FILE.read_text()).get(name)
    assert known == pinned(deciders()[name]), (
        f"the code that folds {name} has changed: raise the version of its snapshots if a state may differ, "
        "then run `python -m tests.contracts.snapshots`"
    )


@pytest.mark.parametrize(("name", "state"), [(name, one) for name, some in STATES.items() for one in some])
def test_a_state_is_read_as_it_was_stored(name: str, state: object) -> None:
    decider: Decider[Any, Any, Any] = deciders()[name]
    assert decider.snapshots is not None
    assert is_dataclass(state)
    assert decider.snapshots.decode(decider.snapshots.encode(state)) == state


def test_every_snapshot_has_examples() -> None:
    assert set(STATES) == set(deciders())
