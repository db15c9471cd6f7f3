"""The port to the health of all services."""

from collections.abc import Awaitable, Callable, Sequence

from libs.events.health import ServiceHealth

AskHealth = Callable[[], Awaitable[Sequence[ServiceHealth]]]
"""Asks all processes of all services for their health, for a short time. Of a process that does not answer
there is none."""
