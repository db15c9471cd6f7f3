"""The dependencies of provisioning's handlers, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from services.provisioning.seating import NextSeat


@dataclass(frozen=True)
class Context:
    """The choice of sessions, and the grace time of the settings."""

    choose: NextSeat
    grace: timedelta
    """The time for which an expired adbot keeps its sessions."""
