"""The pacing of an adbot, as clients set it and see it."""

from typing import Annotated, Self

from pydantic import Field

from libs.events.cadence import Cadence
from libs.events.scheduler import PacingSet

_SECONDS = Field(ge=0, le=3600)


class AdbotPacing(Cadence):
    """When an adbot's cycles are due, and the delays between the sends of each of its sessions."""

    delay_seconds: Annotated[
        Annotated[float, _SECONDS] | None,
        Field(description="The delay between two sends of a session; null: the least, that of this service."),
    ] = None
    jitter_seconds: Annotated[
        Annotated[float, _SECONDS] | None,
        Field(description="The upper limit of the random time added to each pause; null: likewise."),
    ] = None

    @classmethod
    def of(cls, event: PacingSet) -> Self:
        """Return the pacing that an event set."""
        return cls(
            **dict(event.cadence), delay_seconds=event.delay_seconds, jitter_seconds=event.jitter_seconds
        )

    @property
    def cadence(self) -> Cadence:
        """When cycles are due."""
        return Cadence(**{name: getattr(self, name) for name in Cadence.model_fields})
