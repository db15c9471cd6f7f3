"""What several of these routes read and answer: their words for adbots, advertisements and figures."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from libs.events.values import ChannelPost
from services.gateway.api.adbots.options import Written
from services.gateway.api.adbots.posts import PostText, written
from services.gateway.api.openapi import Responses, problems
from services.gateway.tables.adbot_states import AdbotState, AdbotStatus
from services.gateway.tables.figures import Statistics
from services.gateway.tables.totals import Totals
from services.gateway.tables.values import View

TAG = "compat"


class TheirBody(BaseModel):
    """A request body. Unknown fields are ignored: front ends send more than they were asked for."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)


class BotStatus(StrEnum):
    """The status of an adbot, in the words of existing front ends."""

    RUNNING = "running"
    STOPPED = "stopped"
    """It does not run, is suspended, or there is none."""
    EXPIRED = "expired"


class PostType(StrEnum):
    """What a post is."""

    LINK = "link"
    """The post that a link names is forwarded."""
    TEXT = "text"


PostContent = Annotated[
    PostText, Field(description="A link to a post, or a text.", examples=["https://t.me/channel/42"])
]
WrittenGroups = Annotated[
    tuple[Written, ...],
    Field(
        max_length=10_000,
        description="`@name`, `t.me/name`, an invite link or a numeric id; each may have a `/topic`.",
        examples=[["@group", "t.me/other/7"]],
    ),
]


class StartBody(TheirBody):
    """What to set before the start; what is left out or empty stays as it is."""

    post_link: PostContent | None = None
    target_groups: WrittenGroups | None = None


class Started(View):
    """The adbot runs from now on."""

    status: Literal["started"] = "started"
    bot_status: Literal[BotStatus.RUNNING] = BotStatus.RUNNING


class Stopped(View):
    """The adbot does not run from now on."""

    status: Literal["stopped"] = "stopped"
    bot_status: Literal[BotStatus.STOPPED] = BotStatus.STOPPED


class Advertised(View):
    """The first post of an adbot, and its groups."""

    post_content: Annotated[
        str | None,
        Field(description="A link or a text; null if none is set.", examples=["https://t.me/channel/42"]),
    ]
    post_type: PostType | None
    groups: list[str]


class Stats(View):
    """Figures since the beginning. An album counts as one message."""

    total_posts: int
    """The number of groups that were tried, each time counted."""
    total_success: int
    total_failures: int
    total_flood_waits: int
    """How often Telegram asked a session to pause."""
    total_messages_sent: int
    """The same as `total_success`."""
    last_activity: datetime | None


def changing(answer: type[View]) -> Responses:
    """Return the responses of a route that changes an adbot and gives this answer."""
    soon = {"model": answer, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 409, 429) | {202: soon}


def bot_status_of(state: AdbotState | None) -> BotStatus:
    """Return the status of an adbot in their words; `stopped` if there is none."""
    match state.status if state else None:
        case AdbotStatus.RUNNING:
            return BotStatus.RUNNING
        case AdbotStatus.EXPIRED:
            return BotStatus.EXPIRED
        case _:
            return BotStatus.STOPPED


def advertised_by(state: AdbotState | None) -> Advertised:
    """Return the advertisement of an adbot in their words."""
    advertisement = state.advertisement if state else None
    if advertisement is None:
        return Advertised(post_content=None, post_type=None, groups=[])
    post = advertisement.post
    kind = PostType.LINK if isinstance(post, ChannelPost) else PostType.TEXT
    return Advertised(post_content=written(post), post_type=kind, groups=advertisement.groups)


def stats_of(figures: Statistics | Totals | None) -> Stats:
    """Return figures in their words; zeros if there are none."""
    return Stats(
        total_posts=figures.posts if figures else 0,
        total_success=figures.successes if figures else 0,
        total_failures=sum(figures.failures.values()) if figures else 0,
        total_flood_waits=figures.flood_waits if figures else 0,
        total_messages_sent=figures.successes if figures else 0,
        last_activity=figures.last_activity if figures else None,
    )
