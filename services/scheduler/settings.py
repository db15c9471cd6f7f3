"""What the scheduler reads from its environment."""

from typing import ClassVar

from pydantic import Field

from libs.chassis.settings import ServiceSettings


class SchedulerSettings(ServiceSettings):
    """The scheduler's settings; every one has a default."""

    service: ClassVar[str] = "scheduler"

    delay_seconds: float = Field(10.0, ge=0, le=3600, description="Between two sends of one session")
    jitter_seconds: float = Field(
        3.0, ge=0, le=3600, description="Up to so much is drawn at random and added to each delay"
    )
    max_groups: int = Field(500, ge=1, le=10_000, description="How many groups an advertisement has at most")
    cycle_patience_seconds: float = Field(
        86_400.0, ge=60, description="A cycle that never ends no longer holds the next one up after this time"
    )
