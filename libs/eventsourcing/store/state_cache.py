"""Folded states of recently used streams, so that long streams are not folded again and again."""

from collections import OrderedDict
from uuid import UUID


class StateCache:
    """What is known of streams for as long as the process lives.

    Holds committed history only: a transaction puts its states in once it has committed. What others have
    appended since is loaded on top, or shows when what was decided is stored, refused, or led to nothing.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._correlation_ids: OrderedDict[str, UUID] = OrderedDict()

    def get(self, stream: str) -> tuple[object, int]:
        """Return a state of the stream and its version; None and 0 if none is known."""
        if stream not in self._states:
            return None, 0
        self._states.move_to_end(stream)
        return self._states[stream]

    def __contains__(self, stream: str) -> bool:
        """Say whether a state of the stream is known."""
        return stream in self._states

    def forget(self, stream: str) -> None:
        """Forget a state that turned out to be behind."""
        self._states.pop(stream, None)

    def put(self, stream: str, state: object, version: int) -> None:
        """Remember a committed state, unless a newer one is known."""
        if version >= self._states.get(stream, (None, 0))[1] and version > 0:
            self._states[stream] = (state, version)
            self._states.move_to_end(stream)
            if len(self._states) > self._size:
                self._states.popitem(last=False)

    def correlation_id(self, stream: str) -> UUID | None:
        """Return the correlation id that a stream began with, None if that is not known."""
        return self._correlation_ids.get(stream)

    def put_correlation_id(self, stream: str, correlation_id: UUID) -> None:
        """Remember the correlation id that a stream began with, which never changes; it must be committed."""
        self._correlation_ids[stream] = correlation_id
        if len(self._correlation_ids) > self._size:
            self._correlation_ids.popitem(last=False)
