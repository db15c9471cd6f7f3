"""Billing's reactions to events of other services."""

from libs.events.provisioning import AdbotExtended, AdbotProvisioned
from libs.eventsourcing import Reactions, UnitOfWork
from services.billing.context import Context
from services.billing.order.commands import MarkFulfilled
from services.billing.order.domain import ORDER

reactions = Reactions[Context]()


@reactions.to(AdbotProvisioned)
async def fulfil(event: AdbotProvisioned, unit: UnitOfWork) -> None:
    """Mark the order as fulfilled, by the adbot that was created for it."""
    await unit.execute(ORDER, event.order, MarkFulfilled(event.adbot))


@reactions.to(AdbotExtended)
async def fulfil_renewal(event: AdbotExtended, unit: UnitOfWork) -> None:
    """Mark the order as fulfilled, by the adbot that it renewed; an operator's extension has no order."""
    if event.order is not None:
        await unit.execute(ORDER, event.order, MarkFulfilled(event.adbot))
