"""The listeners of one feed in this process: how many there may be, and how they come and go."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

from prometheus_client import Gauge

from libs.events.values import AccountId
from services.gateway.live.listener import EndReason, Listener

LISTENERS = Gauge("adrelay_gateway_listeners", "Listeners, by what they listen to.", ["feed"])

ListenerT = TypeVar("ListenerT", bound=Listener)


class TooManyListeners(Exception):
    """The limit of listeners is reached, of the account or of this process."""


class Listeners(Generic[ListenerT]):
    """A set of listeners with a limit for all, and one for each account, which operators do not have."""

    def __init__(self, feed: str, *, most: int, most_per_account: int | None = None) -> None:
        self._feed = feed
        self._most, self._most_per_account = most, most_per_account
        self._all: set[ListenerT] = set()
        self._of_accounts = Counter[AccountId]()
        self._stopping = False
        self.any = asyncio.Event()
        """Set while somebody listens."""

    def __iter__(self) -> Iterator[ListenerT]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, listener: ListenerT) -> None:
        """Add a listener, which has to be removed; raise `TooManyListeners`."""
        account = listener.account
        full = (
            account is not None
            and self._most_per_account is not None
            and self._of_accounts[account] >= self._most_per_account
        )
        if full or len(self._all) >= self._most:
            raise TooManyListeners
        self._all.add(listener)
        self._count(account, 1)
        self.any.set()
        if self._stopping:
            listener.end(EndReason.STOPPING)

    def remove(self, listener: ListenerT) -> None:
        """Remove a listener, if it was added."""
        if listener in self._all:
            self._all.discard(listener)
            self._count(listener.account, -1)
        if not self._all:
            self.any.clear()

    def stop(self) -> None:
        """End all listening, also of those that come now."""
        self._stopping = True
        for listener in self._all:
            listener.end(EndReason.STOPPING)

    def _count(self, account: AccountId | None, more: int) -> None:
        if account is not None:
            self._of_accounts[account] += more
            if not self._of_accounts[account]:
                del self._of_accounts[account]
        LISTENERS.labels(self._feed).set(len(self._all))
