"""Advertisements in bodies of requests: whole ones, and changes of one."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from libs.events.commands.scheduler import SetAdvertisement
from libs.events.scheduler import GroupListId, PostOrder
from libs.events.values import AccountId, AdbotId, ChannelPost, SendOptions, TextFormat, TextPost
from services.gateway.api.adbots.options import GroupOptionBody, Written, written_options
from services.gateway.api.adbots.posts import WrittenPost, format_of, written
from services.gateway.api.requests.shapes import Body

_POSTS = ["https://t.me/channel/42", "https://t.me/channel/43"]


class AdvertisementBody(Body):
    """The posts to send, `post` or `posts`, and the groups: `groups`, those of `lists`, or both."""

    post: Annotated[
        WrittenPost | None,
        Field(
            description="A link to a post, or a text; or a post as answers show it.",
            examples=["https://t.me/channel/42"],
        ),
    ] = None
    posts: Annotated[
        Annotated[list[WrittenPost], Field(min_length=1, max_length=20, examples=[_POSTS])] | None,
        Field(
            description="Instead of `post`, several: each cycle sends one. If both are sent, as an answer "
            "has them, `post` must be the first.",
        ),
    ] = None
    order: Annotated[
        PostOrder, Field(description="Which of several posts a cycle sends: the next one, or any.")
    ] = PostOrder.IN_TURN
    format: Annotated[
        TextFormat,
        Field(
            description="How a text is formatted: `markdown` as in Telegram's clients (`**bold**`, "
            "`__italic__`, `~~struck~~`, `||hidden||`, `code`, `[link](https://…)`), or `html`. "
            "Ignored for a link. Left out, it is that of the posts that are objects."
        ),
    ] = TextFormat.PLAIN
    groups: Annotated[
        tuple[Written, ...],
        Field(
            max_length=10_000,
            description="`@name`, `t.me/name`, an invite link or a numeric id; each may have a `/topic`. "
            "May be missing if there are `lists`.",
            examples=[["@group", "t.me/other/7"]],
        ),
    ] = ()
    lists: Annotated[
        tuple[UUID, ...],
        Field(
            max_length=20,
            description="Group lists: their groups follow, as they are when a cycle is due. Up to the limit "
            "of groups; a group that is in several is sent to once.",
        ),
    ] = ()
    group_options: Annotated[
        tuple[GroupOptionBody, ...],
        Field(
            max_length=10_000,
            description="What differs for single groups. It counts before the option of a list; what is left "
            "out is removed.",
        ),
    ] = ()
    options: Annotated[SendOptions, Field(description="How the posts are sent.")] = SendOptions()

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.post is None and self.posts is None:
            message = "must have either post or posts"
            raise ValueError(message)
        if self.post is not None and self.posts is not None and self.post != self.posts[0]:
            message = "must have either post or posts, or the first of posts as post"
            raise ValueError(message)
        format_of(self._posts, self._format)
        if not {"groups", "lists"} & self.model_fields_set:
            message = "must have groups or lists"
            raise ValueError(message)
        return self

    @property
    def written(self) -> list[str]:
        """The posts, as the scheduler reads them."""
        return [written(post) for post in self._posts]

    @property
    def text_format(self) -> TextFormat:
        """The format of all texts."""
        return format_of(self._posts, self._format)

    def command(self, adbot: AdbotId, account: AccountId | None) -> SetAdvertisement:
        """Return the command that sets this for an adbot of an account, or of any."""
        return SetAdvertisement(
            adbot=adbot,
            account=account,
            post=self.written[0],
            more_posts=tuple(self.written[1:]),
            order=self.order,
            format=self.text_format,
            groups=self.groups,
            lists=tuple(GroupListId(one) for one in self.lists),
            group_options=written_options(self.group_options),
            options=self.options,
        )

    @property
    def _posts(self) -> Sequence[str | ChannelPost | TextPost]:
        return self.posts if self.posts is not None else [self.post or ""]

    @property
    def _format(self) -> TextFormat | None:
        return self.format if "format" in self.model_fields_set else None


class AdvertisementChangeBody(Body):
    """A post, groups, or both; what is left out stays as it is."""

    post: Annotated[
        WrittenPost | None,
        Field(
            description="A link to a post, a text, or a post as answers show it. It takes the "
            "place of all posts.",
            examples=["https://t.me/channel/42"],
        ),
    ] = None
    groups: Annotated[
        tuple[Written, ...] | None,
        Field(
            max_length=10_000,
            description="As in the advertisement. Options of groups that are no longer named "
            "end; lists stay.",
            examples=[["@group", "t.me/other/7"]],
        ),
    ] = None

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.post is None and self.groups is None:
            message = "must have post or groups, or both"
            raise ValueError(message)
        return self
