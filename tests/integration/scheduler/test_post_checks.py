"""A client asks whether the seats can read a post, and the scheduler passes it on, a few times in an hour."""

from uuid import uuid4

import pytest

from libs.events.commands.scheduler import BlockSource, CheckPost
from libs.events.scheduler import PostCheckRequested
from libs.events.values import AccountId, AdbotId, ChannelPost, PostCheckId
from libs.eventsourcing import Refused
from services.scheduler.post_checks.domain import ANSWERED_WITHIN, PER_HOUR
from tests.integration.scheduler.acts import (
    ADVERTISE,
    MINUTE,
    NOON,
    POST,
    SEATLESS,
    STRANGER,
    Scheduler,
    prepare,
)
from tests.integration.scheduler.publishing import ID, OWNER, A

LINK = "https://t.me/news/12"


def check(*posts: str, account: AccountId | None = OWNER, adbot: AdbotId = ID) -> CheckPost:
    return CheckPost(adbot=adbot, account=account, check=PostCheckId(uuid4()), posts=posts)


def requested(command: CheckPost, *posts: ChannelPost) -> PostCheckRequested:
    return PostCheckRequested(
        check=command.check,
        adbot=ID,
        account=OWNER,
        posts=posts,
        seats=(A,),
        requested_at=NOON,
        expires_at=NOON + ANSWERED_WITHIN,
    )


@pytest.mark.parametrize("account", [OWNER, None])
async def test_posts_are_checked_as_written_each_once(
    scheduler: Scheduler, account: AccountId | None
) -> None:
    command = check(LINK, "t.me/bakery/7", "t.me/News/12?single", "fresh bread today", account=account)
    await scheduler.when(command).then(requested(command, POST, ChannelPost(channel="@bakery", message=7)))


async def test_without_a_post_those_of_the_advertisement_are_checked(scheduler: Scheduler) -> None:
    await prepare(scheduler, ADVERTISE)
    command = check()
    await scheduler.when(command).then(requested(command, POST))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (check(LINK, account=STRANGER), "unknown_adbot"),
        (check(LINK, adbot=SEATLESS), "no_seats"),
        (check(), "no_post"),
        (check("https://t.me/news"), "malformed_post"),
        (check("fresh bread today"), "nothing_to_check"),
        (check("https://t.me/c/1234567/8"), "private_ids_not_allowed"),
    ],
)
async def test_a_check_is_refused_for_a_reason(scheduler: Scheduler, command: CheckPost, code: str) -> None:
    await scheduler.when(command).then(refused=code)


async def test_a_blocked_channel_is_not_looked_at(scheduler: Scheduler) -> None:
    await prepare(scheduler, BlockSource(source="@news", reason="its owner asked"))
    await scheduler.when(check(LINK)).then(refused="blocked_source")


async def test_so_many_checks_are_made_in_an_hour(scheduler: Scheduler) -> None:
    await prepare(scheduler, *(check(LINK) for _ in range(PER_HOUR)))
    with pytest.raises(Refused, match="too_many_post_checks") as refused:
        await scheduler.act(check(LINK))
    assert "13:00:00 UTC" in refused.value.detail
    await prepare(scheduler, NOON + 60 * MINUTE, check(LINK))
    assert (
        len([one for one in await scheduler.happened() if isinstance(one, PostCheckRequested)])
        == PER_HOUR + 1
    )
