"""Loops that a service runs beside its readers and its relay."""

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.writing.durable_effect import Alarm, DurableEffect, repeat, seconds_until
from libs.eventsourcing.writing.old_commands import forget_commands
from libs.eventsourcing.writing.old_days import forget_days
from libs.eventsourcing.writing.timer import Timer

__all__ = [
    "Alarm",
    "DurableEffect",
    "Timer",
    "forget_commands",
    "forget_days",
    "heed_cancellation",
    "repeat",
    "seconds_until",
]
