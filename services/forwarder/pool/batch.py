"""The outcomes of a seat's sends that are to be recorded together."""

import math
import time

from libs.events.forwarder import Delivery
from libs.events.values import ErrorName, Party, ResultClass, SessionId
from libs.eventsourcing.values import utc_now
from services.forwarder.cycle.commands import Outcome
from services.forwarder.pool.posting import SendFailed
from services.forwarder.pool.sends import Delivered, Key, Send
from services.forwarder.settings import ForwarderSettings

PAUSES_OF_BATCH = 12
"""For how many pauses between sends an outcome may wait to be recorded: so many share an event.

If the worker dies meanwhile, another one records those that were stored as arrived. It repeats the others, of
which the messenger drops the second by its idempotency key.
"""


class Batch:
    """Outcomes of a seat's sends that are not recorded yet."""

    def __init__(self, settings: ForwarderSettings, session: SessionId) -> None:
        self._session = session
        self.outcomes: list[tuple[Send, Outcome]] = []
        self._size = settings.batch_size
        self._least, self._most = settings.batch_seconds, settings.max_batch_seconds
        self._due = math.inf

    @property
    def keys(self) -> list[Key]:
        """The sends of these outcomes."""
        return [send.key for send, _ in self.outcomes]

    @property
    def arrived(self) -> list[Delivered]:
        """The sends among them whose posts have arrived."""
        return [(send, one.delivery) for send, one in self.outcomes if one.delivery.result.delivered]

    @property
    def room(self) -> int:
        """How many more outcomes are recorded together with these; at least one."""
        return max(1, self._size - len(self.outcomes))

    @property
    def due_in(self) -> float:
        """How many seconds remain until they must be recorded; infinite if there are none."""
        if len(self.outcomes) >= self._size:
            return 0.0
        return max(0.0, self._due - time.monotonic()) if self.outcomes else math.inf

    def add(self, send: Send, outcome: Outcome) -> None:
        """Add the outcome of a send, which waits in proportion to the pauses of its pacing.

        One that is there already is replaced: it was noted before something failed.
        """
        self.outcomes = [one for one in self.outcomes if one[0].key != send.key]
        if not self.outcomes:
            self._due = math.inf
        wait = PAUSES_OF_BATCH * (send.delay_seconds + send.jitter_seconds / 2)
        wait = min(max(wait, self._least), max(self._most, self._least))
        self._due = min(self._due, time.monotonic() + wait)
        self.outcomes.append((send, outcome))

    def note(
        self,
        send: Send,
        result: ResultClass,
        error: ErrorName = "",
        *,
        messages: tuple[int, ...] = (),
        doubtful: bool = False,
        party: Party | None = None,
        passing: bool = False,
    ) -> None:
        """Add the outcome of a send, as of now."""
        delivery = Delivery(
            group=send.group,
            session=self._session,
            result=result,
            error=error,
            messages=messages,
            at=utc_now(),
            party=party,
        )
        self.add(send, Outcome(delivery, doubtful, passing))

    def note_failed(self, send: Send, failed: SendFailed, *, doubtful: bool) -> None:
        """Add the outcome of a send that the messenger did not accept."""
        self.note(
            send,
            failed.result,
            failed.error,
            doubtful=doubtful,
            party=failed.party,
            passing=failed.meaning.passing,
        )
