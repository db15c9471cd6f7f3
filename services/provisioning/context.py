"""What provisioning's handlers work with, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from services.provisioning.seating import NextSeat


@dataclass(frozen=True)
class Context:
    """How seats are chosen, and how long they are kept, as it is set."""

    choose: NextSeat
    grace: timedelta
    """How long an expired adbot keeps its sessions."""
