"""Gives sessions up to workers that have joined, a few at a time."""

import math
from collections.abc import Collection, Iterable

from libs.events.values import SessionId
from services.forwarder.pool.leases import Leases
from services.forwarder.pool.seat import SeatAtWork

TIMES = 2
"""After how many renewals in a row with a surplus busy sessions are given up: shares change all the time."""
PART = 5
"""At each renewal the fifth part of the held sessions is given up at most, so that sending goes on."""


class Handover:
    """Decides which seats of one worker end, so that others get their share."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._workers = 0
        """How many workers lived at the last renewal."""
        self._over = 0
        """At how many renewals in a row there was a surplus."""
        self._leaving: set[SessionId] = set()
        """Sessions that were given up and are still held, for the send in progress."""

    def begin(self, workers: int) -> None:
        """Note how many workers live at the start."""
        self._workers = workers

    async def share(self, workers: int, seats: Collection[SeatAtWork]) -> None:
        """Let seats end: idle ones at once when workers join, busy ones if there are too many for a while."""
        self._leaving &= {seat.held.lease.session for seat in seats}
        staying = [seat for seat in seats if seat.held.lease.session not in self._leaving]
        idle = [seat for seat in staying if seat.connection.idling]
        if workers > self._workers > 0:
            self._end(idle[: len(seats) - math.ceil(len(seats) * self._workers / workers)])
        self._workers = workers
        surplus = await self._leases.surplus(self._leaving) if workers > 1 else 0
        self._over = self._over + 1 if surplus else 0
        if self._over >= TIMES:
            busy = [seat for seat in staying if not seat.connection.idling]
            self._end(busy[: min(surplus, max(1, len(seats) // PART))])

    def _end(self, seats: Iterable[SeatAtWork]) -> None:
        for seat in seats:
            self._leaving.add(seat.held.lease.session)
            seat.end()
