"""The parts of an adbot's state that its plan and its client determine."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.events.scheduler import GroupOption, PostOrder
from libs.events.values import PlanKind, Post, SendOptions
from services.gateway.tables.values import View


class AdbotPlan(View):
    """The plan of an adbot's order."""

    code: str
    """The plan's code."""
    name: str
    """The name for people."""
    kind: PlanKind
    sessions: int
    """How many sessions the adbot sends with."""
    interval_seconds: int
    """The least time between two cycles."""
    max_groups: Annotated[
        int | None,
        Field(description="How many groups it may have; null: as many as this service allows."),
    ]
    max_posts: Annotated[int | None, Field(description="How many posts it may have; null: likewise.")]


class Seats(View):
    """An adbot's seats: the number with a session, and of those that await stock."""

    filled: int
    """How many have a session."""
    awaited: int
    """How many wait for stock."""
    unreachable: Annotated[
        int, Field(description="How many of the filled ones can't connect to Telegram at the moment.")
    ]


class Advertisement(View):
    """The posts and groups of an adbot; groups in their canonical form. Each cycle sends one post.

    It is sent to `groups`, and to the groups that `lists` have when a cycle is due.
    """

    post: Annotated[Post, Field(description="The first of `posts`.")]
    posts: list[Post]
    order: PostOrder
    groups: list[str]
    lists: Annotated[list[UUID], Field(description="Group lists; a deleted one has no groups.")]
    group_options: Annotated[
        list[GroupOption], Field(description="What differs for single groups; before those of lists.")
    ]
    options: SendOptions
