"""A cache of folded states, so that long streams are not folded again and again."""

from collections import OrderedDict
from uuid import UUID


class StateCache:
    """The states of recently used streams, as long as the process lives.

    Holds committed history only: a transaction puts its states in once it has committed. Events that others
    have appended since are loaded on top, or cause a conflict when a decision is stored or verified.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._correlation_ids: OrderedDict[str, UUID] = OrderedDict()

    def get(self, stream: str) -> tuple[object, int]:
        """Return a cached state of the stream and its version; None and 0 if there is none."""
        if stream not in self._states:
            return None, 0
        self._states.move_to_end(stream)
        return self._states[stream]

    def __contains__(self, stream: str) -> bool:
        """Return whether a state of the stream is cached."""
        return stream in self._states

    def forget(self, stream: str) -> None:
        """Remove a state that turned out to be stale."""
        self._states.pop(stream, None)

    def put(self, stream: str, state: object, version: int) -> None:
        """Cache a committed state, unless a newer one is cached."""
        if version >= self._states.get(stream, (None, 0))[1] and version > 0:
            self._states[stream] = (state, version)
            self._states.move_to_end(stream)
            if len(self._states) > self._size:
                self._states.popitem(last=False)

    def correlation_id(self, stream: str) -> UUID | None:
        """Return the correlation id that a stream began with, None if it is not cached."""
        return self._correlation_ids.get(stream)

    def put_correlation_id(self, stream: str, correlation_id: UUID) -> None:
        """Cache the correlation id that a stream began with, which never changes; it must be committed."""
        self._correlation_ids[stream] = correlation_id
        if len(self._correlation_ids) > self._size:
            self._correlation_ids.popitem(last=False)
