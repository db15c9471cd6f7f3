"""The options of single groups, in bodies of requests."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.commands.scheduler import WrittenGroupOption
from services.gateway.api.requests.shapes import Body, Filled, WithoutNul

Written = Annotated[str, StringConstraints(max_length=300), WithoutNul]
"""A group as people write it."""


class GroupOptionBody(Body):
    """What differs for one group; a topic is a group of its own."""

    group: Annotated[
        str,
        StringConstraints(min_length=1, max_length=300, strip_whitespace=True),
        Filled,
        Field(description="One of the groups, in any spelling.", examples=["@group"]),
    ]
    paused: Annotated[bool, Field(description="No cycle sends to it.")] = False
    every_seconds: Annotated[
        Annotated[int, Field(ge=1, le=30 * 86_400)] | None,
        Field(
            description="A cycle leaves it out that is due less than this after the last one that did not."
        ),
    ] = None

    @property
    def written(self) -> WrittenGroupOption:
        """The option, for the scheduler."""
        return WrittenGroupOption(group=self.group, paused=self.paused, every_seconds=self.every_seconds)


def written_options(bodies: Sequence[GroupOptionBody]) -> tuple[WrittenGroupOption, ...]:
    """Return options for the scheduler."""
    return tuple(body.written for body in bodies)
