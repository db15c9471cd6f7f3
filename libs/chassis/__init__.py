"""What every service process needs, whatever its trade.

What answers commands is imported at its first use, for some processes receive none: FastStream takes 5 MiB.
"""

from typing import TYPE_CHECKING

from libs.eventsourcing.lazy_names import imported_at_first_use

if TYPE_CHECKING:
    from faststream.nats import NatsBroker

    from libs.chassis.commands import answering_broker, start_answering, subscribe

__all__ = ["NatsBroker", "answering_broker", "start_answering", "subscribe"]

if not TYPE_CHECKING:  # else checkers would take any name for one of these
    __getattr__ = imported_at_first_use(__name__, __name__, dict.fromkeys(__all__, "commands"))
