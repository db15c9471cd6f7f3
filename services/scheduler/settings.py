"""The environment variables of the scheduler."""

from typing import ClassVar

from pydantic import Field

from libs.chassis.settings import ServiceSettings
from libs.events.values import MAX_GROUPS, MAX_POSTS


class SchedulerSettings(ServiceSettings):
    """The scheduler's settings; all have defaults."""

    service: ClassVar[str] = "scheduler"

    delay_seconds: float = Field(
        10.0, ge=0, le=3600, description="The delay between two sends of one session"
    )
    jitter_seconds: float = Field(
        3.0, ge=0, le=3600, description="The upper limit of the random time added to each delay"
    )
    max_groups: int = Field(
        500,
        ge=1,
        le=MAX_GROUPS,
        description="The maximum number of groups of an adbot, with those of its group lists, if its plan "
        "sets none",
    )
    max_posts: int = Field(
        20, ge=1, le=MAX_POSTS, description="The maximum number of posts of an adbot, if its plan sets none"
    )
    max_group_lists: int = Field(
        50, ge=0, le=1000, description="The maximum number of group lists of an account"
    )
    max_list_groups: int = Field(
        1000, ge=1, le=MAX_GROUPS, description="The maximum number of groups in a group list"
    )
    cycle_patience_seconds: float = Field(
        86_400.0, ge=60, description="After this time a cycle that has not ended no longer delays the next"
    )
