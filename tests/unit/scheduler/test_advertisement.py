"""Parsing posts and groups."""

import re
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from libs.events.chat_ids import private_ref
from libs.events.values import ChannelPost, GroupRef, Post, TextPost
from libs.eventsourcing import Refused
from libs.telegram_links.posts import parse_post
from services.scheduler.schedule.groups import parse_groups

T = TypeVar("T")
POST: TypeAdapter[ChannelPost | TextPost] = TypeAdapter(Post)
CANONICAL = re.compile(get_args(GroupRef)[1].pattern)


@pytest.mark.parametrize(
    ("written", "channel", "message"),
    [
        ("https://t.me/news/12", "@news", 12),
        ("http://t.me/news/12", "@news", 12),
        ("t.me/news/12", "@news", 12),
        ("  T.ME/News_1/12\n", "@news_1", 12),
        ("https://telegram.me/news/12", "@news", 12),
        ("https://www.t.me/news/12/", "@news", 12),
        ("https://t.me/news/12?single", "@news", 12),
        ("https://t.me/news/12?single&t=5#top", "@news", 12),
        ("https://t.me/s/news/12", "@news", 12),
        ("https://t.me/news/3/12", "@news", 12),
        ("https://t.me/c/1234567890/12", "-1001234567890", 12),
        ("t.me/c/1234567890/3/12?single", "-1001234567890", 12),
        ("https://t.me/news/2147483647", "@news", 2147483647),
        ("https://news.t.me/12", "@news", 12),
        ("News_1.t.me/12", "@news_1", 12),
        ("news.t.me/3/12", "@news", 12),
        ("https://t.me/news/12?comment=5", "@news", 12),
        ("https://t.me/news/12?thread=3", "@news", 12),
        ("https://t.me/c/12345678901/5", "-1012345678901", 5),
        ("https://t.me/c/7200/5", "-1000000007200", 5),
        ("tg://resolve?domain=news&post=12", "@news", 12),
        ("tg://resolve?domain=news&post=12&thread=3&single", "@news", 12),
        ("tg:privatepost?channel=1234567890&post=12", "-1001234567890", 12),
    ],
)
def test_a_link_names_a_post(written: str, channel: str, message: int) -> None:
    assert parse_post(written) == ChannelPost(channel=channel, message=message)


@pytest.mark.parametrize(
    "written",
    [
        "Fresh bread, every morning",
        "See t.me/news/12 for more",
        "https://t.me/news/12 is where we are",
        "Join t.me/bakers",
        "https://t.me/bakers and https://t.me/millers",
        "Больше: https://example.org",
        "\u2800 bread \u200b",
        "https://example.org/news/12",
        "internet.me/news",
        "@news",
        "🥖",
    ],
)
def test_any_other_post_is_a_text(written: str) -> None:
    assert parse_post(f" {written}\n") == TextPost(text=written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\0b", "NUL"),
        ("\u200b", "invisible"),
        ("\u2800 \u3164\u200d", "invisible"),
        ("https://t.me/lake/5 (my post)", "hardly a word"),
        ("→ t.me/lake/5, t.me/lake/6 ←", "hardly a word"),
        ("my post: lake.t.me/5", "hardly a word"),
        ("post https://\u0442.me/lake/5", "hardly a word"),
        ("@lake/5", "write https://t.me/lake/5"),
        ("https://web.telegram.org/a/#-1001234567890_5", "web client"),
        ("webk.telegram.org/#@lake", "web client"),
        ("https://\u0442.me/lake/5", "“\u0442” is another letter"),
        ("https://t.me\uff0flake/5", "is another letter"),
        ("https://t\u200b.me/lake/5", "another letter"),
        ("https://t.me/c/997852516353/5", "no number of a channel"),
        ("tg://resolve?domain=news", "no post in it"),
        ("tg://resolve?post=12", "has no domain"),
        ("tg://join?invite=AbCdEfGh123", "invitation"),
        ("https://t.me", "names no channel"),
        ("https://t.me/", "names no channel"),
        ("https://t.me/news", "no post in it"),
        ("https://t.me/c/1234567890", "no post in it"),
        ("https://t.me/+AbCdEfGh123", "invitation"),
        ("https://t.me/joinchat/AbCdEfGh123", "invitation"),
        ("https://t.me/news/twelve", "“twelve” is no number"),
        ("https://t.me/news/12.", "“12.” is no number"),
        ("https://t.me/news/0", "“0” is no number"),
        ("https://t.me/news/-1", "“-1” is no number"),
        ("https://t.me/news/2147483648", "is no number"),
        ("https://t.me/news/x/12", "“x” is no number"),
        ("https://t.me/news/1/2/3", "too many parts"),
        ("https://t.me/n/12", "“n” is no name"),
        ("https://t.me/1news/12", "“1news” is no name"),
        ("https://t.me/c/news/12", "“news” is no number of a channel"),
        ("https://t.me/share/12", "links to share"),
        ("htps://t.me/news/12", "begins with https://t.me/"),
        ("https:/t.me/news/12", "begins with https://t.me/"),
        ("https://example.org/t.me/news/12", "begins with https://t.me/"),
        ("tg://settings", "begins with https://t.me/"),
    ],
)
def test_a_malformed_post_is_refused_with_a_reason(written: str, reason: str) -> None:
    with pytest.raises(Refused, match="malformed_post") as refusal:
        parse_post(written)
    assert reason in refusal.value.detail


@pytest.mark.parametrize(
    ("written", "group"),
    [
        ("@Bakers", "@bakers"),
        ("@bakers/12", "@bakers/12"),
        ("t.me/bakers", "@bakers"),
        ("https://t.me/Bakers", "@bakers"),
        ("http://telegram.me/bakers/12/", "@bakers/12"),
        ("https://t.me/bakers?boost", "@bakers"),
        ("https://t.me/+AbCd_ef-123", "+AbCd_ef-123"),
        ("t.me/joinchat/AbCd_ef-123", "+AbCd_ef-123"),
        ("t.me/joinchat/AbCd_ef-123/7", "+AbCd_ef-123/7"),
        ("t.me/+AbCd_ef-123/7", "+AbCd_ef-123/7"),
        ("+AbCd_ef-123", "+AbCd_ef-123"),
        ("+AbCd_ef-123/7", "+AbCd_ef-123/7"),
        ("-1001234567890", "-1001234567890"),
        ("-1001234567890/12", "-1001234567890/12"),
        ("t.me/c/1234567890", "-1001234567890"),
        ("https://t.me/c/1234567890/12", "-1001234567890/12"),
        ("-1000000007200", "-1000000007200"),
        ("-1012345678901/7", "-1012345678901/7"),
        ("t.me/c/12345678901", "-1012345678901"),
        ("bakers.t.me", "@bakers"),
        ("https://bakers.t.me/12", "@bakers/12"),
        ("tg://resolve?domain=Bakers", "@bakers"),
        ("tg://join?invite=AbCd_ef-123", "+AbCd_ef-123"),
    ],
)
def test_a_group_gets_its_canonical_form(written: str, group: str) -> None:
    assert parse_groups([f" {written} "], most=1) == (group,)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("bakers", "neither @name"),
        ("https://example.org/bakers", "neither @name"),
        ("/", "neither @name"),
        ("@", "is no name"),
        ("@abc", "is no name"),
        ("@bak ers", "is no name"),
        ("@bak\ners", "is no name"),
        ("@1bakers", "is no name"),
        ("@bäckerei", "is no name"),
        ("@\N{KELVIN SIGN}elvin", "is no name"),
        ("@bakers/x", "no number of a message or topic"),
        ("@bakers/0", "no number of a message or topic"),
        ("@bakers/1/2", "no number of a message or topic"),
        ("t.me/bakers/1/2", "names a message"),
        ("t.me", "names no channel or group"),
        ("t.me/addlist/AbCdEfGh", "neither to a channel nor to a group"),
        ("t.me/+short", "is no invitation"),
        ("t.me/+4915112345678", "telephone number"),
        ("+4915112345678", "telephone number"),
        ("12345", "begins with -100"),
        ("1234567890", "begins with -100"),
        ("-521620699", "basic group"),
        ("-1007200", "basic group"),
        ("-1000", "basic group"),
        ("-10012345678901", "begins with -100"),
        ("-1000000000000", "no number of a channel or group"),
        ("-1997852516353", "no number of a channel or group"),
        ("-", "begins with -100"),
        ("https://\u0442.me/bakers", "is another letter"),
        ("htps://t.me/bakers", "begins with https://t.me/"),
    ],
)
def test_a_malformed_group_is_refused_with_a_reason(written: str, reason: str) -> None:
    with pytest.raises(Refused, match="malformed_groups") as refusal:
        parse_groups([written], most=1)
    assert reason in refusal.value.detail


def test_duplicate_groups_are_removed_in_any_spelling() -> None:
    written = [
        "@Bakers",
        "https://t.me/bakers",
        "-1000000000123",
        "t.me/BAKERS/",
        "t.me/c/123",
        "",
        "@bakers/5",
    ]
    assert parse_groups(written, most=3) == ("@bakers", "-1000000000123", "@bakers/5")


def test_invitations_differ_in_case() -> None:
    assert parse_groups(["t.me/+AbCdEfGh", "t.me/+abcdefgh"], most=2) == ("+AbCdEfGh", "+abcdefgh")


def test_every_bad_group_is_named() -> None:
    bad = [f"bad{number}" for number in range(100)]
    with pytest.raises(Refused) as refusal:
        parse_groups(["@good_one", *bad], most=10)
    assert refusal.value.code == "malformed_groups"
    assert all(f"“{name}”" in refusal.value.detail for name in bad)
    assert "good_one" not in refusal.value.detail


def test_of_very_many_bad_groups_the_first_hundred_are_named() -> None:
    bad = [f"bad{number}" for number in range(3000)]
    with pytest.raises(Refused) as refusal:
        parse_groups([*bad, *bad], most=10)
    assert all(f"“{name}”" in refusal.value.detail for name in bad[:100])
    assert "“bad100”" not in refusal.value.detail
    assert refusal.value.detail.endswith("; and 2900 more")


SLOW = (
    "/t.me/" * 700,
    "t.me:" * 800,
    "tg" * 2000,
    "?comment" * 500,
    "/www.t.me?" * 400,
    "x/" * 2000,
    "@a" * 2000,
)


@pytest.mark.parametrize("part", SLOW)
def test_adversarial_lists_and_posts_are_parsed_in_linear_time(part: str) -> None:
    """A body has at most half a megabyte: 1700 lines of the longest kind, or one of the longest posts."""
    began = time.process_time()
    lines = [f"{part[:292]} {number}" for number in range(1700)]
    assert isinstance(outcome(lambda: parse_groups(lines, most=500)), Refused)
    lines = [f"{number}{part[:292]}" for number in range(1700)]
    assert isinstance(outcome(lambda: parse_groups(lines, most=500)), Refused)
    for post in (f"{part[:4090]} x", part[:4090], f"x{part[:4090]}"):
        outcome(partial(parse_post, post))
    assert time.process_time() - began < 0.15


def test_the_refusal_of_a_huge_bad_list_stays_readable() -> None:
    with pytest.raises(Refused) as refusal:
        parse_groups([f"{number}{'x' * 290}" for number in range(5000)], most=10)
    assert len(refusal.value.detail) < 25_000
    assert re.search(r"and \d+ more$", refusal.value.detail)


def test_a_list_without_a_group_is_refused() -> None:
    with pytest.raises(Refused, match="no_groups"):
        parse_groups(["", "  "], most=10)


def test_a_list_above_the_limit_is_refused_after_removing_duplicates() -> None:
    assert len(parse_groups(["@bakers", "@BAKERS", "@millers"], most=2)) == 2
    with pytest.raises(Refused, match="too_many_groups"):
        parse_groups(["@bakers", "@millers", "@brewers"], most=2)


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{3,31}", fullmatch=True).map(lambda name: f"zz{name}"[:32])
hosts = st.sampled_from(["", "https://", "http://"]).flatmap(
    lambda scheme: st.sampled_from(["t.me", "telegram.me", "T.me"]).map(lambda host: scheme + host)
)
numbers = st.integers(min_value=1, max_value=2**31 - 1)


@given(
    host=hosts, name=names, message=numbers, topic=st.none() | numbers, tail=st.sampled_from(["", "?single"])
)
def test_any_well_formed_link_is_parsed(
    host: str, name: str, message: int, topic: int | None, tail: str
) -> None:
    middle = "" if topic is None else f"/{topic}"
    found = parse_post(f"{host}/{name}{middle}/{message}{tail}")
    assert found == ChannelPost(channel=f"@{name.lower()}", message=message)


@given(host=hosts, name=names, topic=st.none() | numbers)
def test_all_spellings_of_a_group_have_one_canonical_form(host: str, name: str, topic: int | None) -> None:
    tail = "" if topic is None else f"/{topic}"
    spellings = [f"{host}/{name}{tail}", f"@{name}{tail}", f"@{name.upper()}{tail}"]
    assert parse_groups(spellings, most=1) == (f"@{name.lower()}{tail}",)


def outcome(read: Callable[[], T]) -> T | Refused:
    try:
        return read()
    except Refused as refusal:
        return refusal


awkward = st.text() | st.text(alphabet="tT.me/@+-c0123?=# ahtps:\n", max_size=40)


@given(written=awkward)
def test_any_post_is_parsed_or_refused(written: str) -> None:
    post = outcome(lambda: parse_post(written))
    if isinstance(post, Refused):
        assert post.code == "malformed_post"
        assert post.detail
    else:
        assert POST.validate_json(post.model_dump_json()) == post


@given(written=st.lists(awkward, max_size=5))
def test_any_list_of_groups_is_parsed_or_refused(written: list[str]) -> None:
    groups = outcome(lambda: parse_groups(written, most=3))
    if isinstance(groups, Refused):
        assert groups.code in {"malformed_groups", "no_groups", "too_many_groups"}
    else:
        assert all(CANONICAL.fullmatch(group) for group in groups)
        assert len(set(groups)) == len(groups)


@given(written=st.lists(st.one_of(names.map("@{}".format), numbers.map(private_ref)), min_size=1))
def test_parsing_canonical_groups_is_idempotent(written: list[str]) -> None:
    groups = parse_groups(written, most=len(written))
    assert parse_groups(groups, most=len(written)) == groups
