"""What an event is stored with: ids, instants, cursors, envelopes."""

from libs.eventsourcing.model.envelope import START, Cursor, Envelope, Recorded, new_id, utc_now

__all__ = [
    "START",
    "Cursor",
    "Envelope",
    "Recorded",
    "new_id",
    "utc_now",
]
