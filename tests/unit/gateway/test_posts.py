"""Posts in requests: written, or as answers show them."""

from typing import Any

import pytest
from pydantic import ValidationError

from libs.events.values import ChannelPost, Post, TextFormat, TextPost
from libs.telegram_links.posts import parse_post
from services.gateway.api.adbots.advertisement import AdvertisementBody
from services.gateway.api.adbots.posts import PostBody, validate_post, written
from services.gateway.api.identity.principal import Caller

LINK = {"kind": "link", "channel": "@channel", "message": 42}
TEXT = {"kind": "text", "text": "Two *rooms*, one lake.", "format": "markdown"}


@pytest.mark.parametrize(
    "post",
    [
        ChannelPost(channel="@channel", message=42),
        ChannelPost(channel="-1001234567890", message=7),
        TextPost(text="Two rooms, one lake."),
    ],
)
def test_a_post_that_an_answer_shows_is_read_as_the_same_post(post: Post) -> None:
    assert parse_post(written(post)) == post


def advertisement(**fields: Any) -> AdvertisementBody:  # noqa: ANN401 - JSON
    return AdvertisementBody.model_validate({"groups": ["@group"], **fields})


def test_an_advertisement_takes_links_texts_and_objects() -> None:
    body = advertisement(posts=[LINK, "https://t.me/other/7", TEXT])
    assert body.written == ["https://t.me/channel/42", "https://t.me/other/7", TEXT["text"]]
    assert body.text_format is TextFormat.MARKDOWN
    assert advertisement(post="a text", format="html").text_format is TextFormat.HTML
    assert advertisement(post="a text").text_format is TextFormat.PLAIN


def test_the_first_of_several_posts_may_be_sent_too_as_answers_have_it() -> None:
    assert advertisement(post=LINK, posts=[LINK, TEXT]).written == ["https://t.me/channel/42", TEXT["text"]]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"post": LINK, "posts": [TEXT, LINK]}, "the first of posts as post"),
        ({"post": TEXT, "format": "html"}, "one format for all texts"),
        ({"posts": [TEXT, TEXT | {"format": "html"}]}, "one format for all texts"),
        ({}, "either post or posts"),
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        advertisement(**fields)


@pytest.mark.parametrize("post", [5, {"kind": "link"}, LINK | {"channel": "channel"}, {"kind": "x"}])
def test_a_post_of_another_shape_is_refused_once(post: object) -> None:
    with pytest.raises(ValidationError) as invalid:
        advertisement(post=post)
    assert all(problem["loc"][0] == "post" for problem in invalid.value.errors())


async def test_a_post_is_validated_without_an_adbot() -> None:
    caller: Any = Caller.__new__(Caller)

    async def shown(post: object) -> dict[str, Any]:
        return (await validate_post(PostBody.model_validate({"post": post}), caller)).model_dump()

    valid = {"valid": True, "code": None, "detail": None}
    link = valid | {"kind": "link", "channel": "@channel", "message": 42}
    assert await shown("t.me/Channel/42") == link
    assert await shown(LINK) == link
    assert await shown("Two rooms.") == valid | {"kind": "text", "channel": None, "message": None}
    wrong = await shown("https://t.me/channel")
    assert (wrong["valid"], wrong["kind"], wrong["code"]) == (False, None, "malformed_post")
    assert "no post in it" in wrong["detail"]
