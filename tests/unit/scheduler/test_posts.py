"""Several posts of an advertisement: each cycle sends one of them."""

from dataclasses import replace
from uuid import UUID

import pytest

from libs.events.scheduler import AdvertisementSet, PostOrder, StopReason
from libs.events.values import ChannelPost, CycleId, TextFormat, TextPost
from libs.eventsourcing import Refused
from libs.telegram_links.posts import parse_posts
from services.scheduler.schedule.commands import EndWithSource
from services.scheduler.schedule.state import Advertisement
from services.scheduler.schedule.switches import Switches
from tests.unit.scheduler.test_schedule import (
    ADBOT,
    FIRST,
    ID,
    NOON,
    POST,
    SECOND,
    SET,
    STARTED,
    due,
    run_at,
    schedule,
    set_to,
    stopped,
)

OTHER, TEXT = ChannelPost(channel="@other", message=7), TextPost(text="A flat")
SEVERAL = SET.model_copy(update={"more_posts": (OTHER, TEXT)})
THREE = Advertisement(POST, ("@bakers",), (OTHER, TEXT))


def test_several_posts_are_set_once() -> None:
    wanted = replace(set_to(), more_posts=(OTHER, TEXT))
    schedule.when(wanted).then(SEVERAL)
    schedule.given(SEVERAL).when(wanted).then()
    at_random = SEVERAL.model_copy(update={"order": PostOrder.RANDOM})
    schedule.given(SEVERAL).when(replace(wanted, order=PostOrder.RANDOM)).then(at_random)


def test_posts_are_sent_in_turn() -> None:
    assert [THREE.post_of(number, FIRST) for number in (1, 2, 3, 4)] == [POST, OTHER, TEXT, POST]
    ended = replace(ADBOT, ended_cycle=FIRST)
    second = due(10, SECOND, 2).model_copy(update={"post": OTHER})
    schedule.given(SEVERAL, STARTED, due(0)).when(run_at(10, ended, SECOND)).then(second)


def test_a_random_post_is_the_same_whenever_a_cycle_is_decided_again_and_each_comes() -> None:
    drawn = replace(THREE, order=PostOrder.RANDOM)
    cycles = [CycleId(UUID(int=number)) for number in range(300)]
    posts = [drawn.post_of(1, cycle) for cycle in cycles]
    assert posts == [drawn.post_of(9, cycle) for cycle in cycles]
    assert all(70 < posts.count(post) < 130 for post in drawn.posts)


def test_every_post_is_checked() -> None:
    secret = ChannelPost(channel="-1000000007200", message=5)
    assert (
        "-1000000007200/5"
        in schedule.when(replace(set_to(), more_posts=(secret,))).refused("private_ids_not_allowed").detail
    )
    no_other = Switches(sources=frozenset({"@other"}))
    blocked = replace(set_to(), more_posts=(OTHER,), switches=no_other)
    assert "@other" in schedule.when(blocked).refused("blocked_source").detail
    schedule.given(SEVERAL, STARTED).when(replace(run_at(0), switches=no_other)).then(
        stopped(StopReason.SOURCE_BLOCKED, "@other")
    )


def test_a_broken_post_is_named_if_there_are_several() -> None:
    second = due(10, SECOND, 2).model_copy(update={"post": OTHER})
    history = schedule.given(SEVERAL, STARTED, due(0), second)
    history.when(EndWithSource(SECOND, "MESSAGE_ID_INVALID", NOON)).then(
        stopped(StopReason.SOURCE_BROKEN, "MESSAGE_ID_INVALID (@other/7)")
    )


def test_a_malformed_post_is_named_by_its_number_if_there_are_several() -> None:
    assert parse_posts(["t.me/news/12", "A flat"], TextFormat.PLAIN) == [POST, TEXT]
    with pytest.raises(Refused, match="malformed_post") as several:
        parse_posts(["t.me/news/12", ""], TextFormat.PLAIN)
    assert several.value.detail == "post 2: the post is empty"
    with pytest.raises(Refused) as one:
        parse_posts([""], TextFormat.PLAIN)
    assert one.value.detail == "the post is empty"


def test_an_advertisement_of_before_has_one_post() -> None:
    before = AdvertisementSet(adbot=ID, post=POST, groups=("@bakers",))
    assert (before.more_posts, before.order) == ((), PostOrder.IN_TURN)
    assert Advertisement(POST, ()).post_of(17, FIRST) == POST
