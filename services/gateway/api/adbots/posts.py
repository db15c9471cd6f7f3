"""Posts in requests, written as text or as answers show them, and the route that validates one."""

from collections.abc import Sequence
from typing import Annotated, Literal, cast

from fastapi import APIRouter
from pydantic import Discriminator, Field, StringConstraints, Tag

from libs.events.chat_ids import channel_of, is_private
from libs.events.values import ChannelPost, TextFormat, TextPost
from libs.eventsourcing import Refused
from libs.telegram_links.posts import parse_post
from services.gateway.api.callers import ReaderDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.shapes import Body, WithoutNul
from services.gateway.tables.values import View

router = APIRouter(prefix="/posts", tags=["adbots"])

PostText = Annotated[str, StringConstraints(max_length=4096), WithoutNul]


def _kind_of(given: object) -> str:
    """Return which of the forms below a post has."""
    if isinstance(given, ChannelPost | TextPost):
        return given.kind
    if not isinstance(given, dict):
        return "written"
    fields = cast("dict[str, object]", given)
    return str(fields.get("kind", "text" if "text" in fields else "link"))


WrittenPost = Annotated[
    Annotated[PostText, Tag("written")]
    | Annotated[ChannelPost, Tag("link")]
    | Annotated[TextPost, Tag("text")],
    Discriminator(_kind_of),
]
"""A link or a text, or a post as answers show it."""


class PostBody(Body):
    """A post to validate."""

    post: Annotated[
        WrittenPost,
        Field(
            description="A link to a post, a text, or a post as answers show it.",
            examples=["https://t.me/channel/42"],
        ),
    ]


class PostValidity(View):
    """Whether a post has a valid form, and what it is read as."""

    valid: bool
    """Whether the form is valid."""
    kind: Literal["link", "text"] | None
    """`link`: the post that a link names is forwarded. `text`: the text is sent. Null if it is not valid."""
    channel: Annotated[str | None, Field(examples=["@channel"])]
    """The channel of a link: `@name`, or an id that begins with `-1`."""
    message: Annotated[int | None, Field(examples=[42])]
    """The number of the message that a link names."""
    code: Annotated[str | None, Field(examples=[None])]
    """The code of the problem with which an advertisement with this post is refused; null if it is valid."""
    detail: Annotated[str | None, Field(examples=[None])]
    """What is wrong and what to send, for people; null if it is valid."""


@router.post("/validate", summary="Validate a post", responses=problems(401))
async def validate_post(body: PostBody, caller: ReaderDep) -> PostValidity:
    """Return whether a post has a valid form, without an adbot; nothing is stored or sent.

    A valid link may still name a post that does not exist or may not be forwarded: a post check of an adbot
    lets its seats look.
    """
    del caller  # only so that strangers can't use it
    try:
        post = parse_post(written(body.post))
    except Refused as refusal:
        return PostValidity(
            valid=False, kind=None, channel=None, message=None, code=refusal.code, detail=refusal.detail
        )
    link = post if isinstance(post, ChannelPost) else None
    return PostValidity(
        valid=True,
        kind=post.kind,
        channel=link.channel if link else None,
        message=link.message if link else None,
        code=None,
        detail=None,
    )


def written(post: str | ChannelPost | TextPost) -> str:
    """Return a post as the scheduler reads it: a link or a text."""
    match post:
        case ChannelPost(channel=channel, message=message) if is_private(channel):
            return f"https://t.me/c/{channel_of(channel)}/{message}"
        case ChannelPost(channel=channel, message=message):
            return f"https://t.me/{channel.removeprefix('@')}/{message}"
        case TextPost(text=text):
            return text
        case str():
            return post


def format_of(posts: Sequence[str | ChannelPost | TextPost], given: TextFormat | None) -> TextFormat:
    """Return the one format of these texts; raise `ValueError` if they have several."""
    formats = {post.format for post in posts if isinstance(post, TextPost)}
    if given is not None:
        formats.add(given)
    if len(formats) > 1:
        message = "must have one format for all texts"
        raise ValueError(message)
    return next(iter(formats), TextFormat.PLAIN)
