"""Confirms the loss of a session: some of the answers that mean it come and go."""

from libs.events.values import CycleId, Party, ResultClass
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.posting import SendFailed
from services.forwarder.pool.sends import Send
from services.forwarder.ports import Meaning, MessengerError, Unreachable

MOST = 3
"""How many such answers are asked about in one cycle; further ones fail their group only."""
LOSSES = frozenset({ResultClass.SESSION_LOST, ResultClass.ACCOUNT_FROZEN})
"""The results of answers after which a session is given up."""
_FAILED_HERE = Meaning(ResultClass.UNKNOWN, ResultClass.UNKNOWN, Party.ACCOUNT)


class Confirmation:
    """Asks on a new connection whether a session is lost, a few times in a cycle."""

    def __init__(self, connection: SessionConnection) -> None:
        self._connection = connection
        self._cycle: CycleId | None = None
        self._asked = 0

    async def conclude(self, send: Send, failed: SendFailed) -> SendFailed | None:
        """Return the failure to be charged; None if the session is well, and the send is to be made again.

        Raises `Unreachable`, `LeaseLost`.
        """
        if not failed.meaning.unsure:
            return failed
        if send.cycle != self._cycle:
            self._cycle, self._asked = send.cycle, 0
        if self._asked == MOST:
            return SendFailed(MessengerError(failed.error, _FAILED_HERE))
        try:
            await self._connection.identify(send.pair, anew=True)
        except Unreachable:
            raise
        except MessengerError as error:
            if error.meaning.result in LOSSES:
                return SendFailed(error)
        self._asked += 1
        return None
