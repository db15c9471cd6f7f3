"""Tells the operator of checkouts refused for lack of stock: at most once an hour, with their count."""

from datetime import datetime

from libs.events.gateway import NoticeKind
from libs.eventsourcing import Causes, Engine, UnitOfWork
from libs.eventsourcing.values import utc_now
from services.gateway.notices.commands import Tell, key_of
from services.gateway.notices.domain import NOTICE

REFUSAL = "insufficient_stock"
"""The code of the refusals that are told."""


class RefusedSales:
    """Counts refusals in this process until they are told; a restart forgets those that were not."""

    def __init__(self, engine: Engine, *, mail: bool) -> None:
        self._engine, self._mail = engine, mail
        self._unreported = 0
        self._quiet_until: datetime | None = None
        """Before then the database need not be asked: whoever checks out in vain causes no load there."""

    async def note(self, plan: str, causes: Causes) -> None:
        """Count a refused checkout of this plan, and tell of it unless the last notice is too recent."""
        self._unreported += 1
        if self._quiet_until is not None and utc_now() < self._quiet_until:
            return
        count = self._unreported

        async def tell(unit: UnitOfWork) -> tuple[bool, datetime | None]:
            detail = f"{count} checkout{'' if count == 1 else 's'} refused, the last of {plan}"
            command = Tell(NoticeKind.SALE_REFUSED, "", detail, self._mail, unit.at, count)
            key = key_of(command.kind, command.subject)
            raised = bool(await unit.execute(NOTICE, key, command))
            notices = await unit.load(NOTICE, key)
            return raised, notices.quiet_until if notices else None

        raised, self._quiet_until = (await self._engine.run(tell, causes)).value or (False, None)
        if raised:
            self._unreported -= count
