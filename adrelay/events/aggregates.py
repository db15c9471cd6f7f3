"""Every kind of stream: which service keeps it, and how its events fold into a state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from libs.events.catalogue import UnknownEvent, published
from libs.eventsourcing.decider import Decider, ImpossibleEvent
from libs.eventsourcing.record import Envelope
from services.billing.order.domain import ORDER
from services.billing.product.domain import PRODUCT
from services.forwarder.client.domain import CLIENT
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.pair.domain import PAIR as API_PAIR
from services.gateway.account.domain import ACCOUNT
from services.gateway.inbox.domain import INBOX
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.pair.domain import PAIR
from services.provisioning.session.domain import SESSION
from services.scheduler.schedule.domain import SCHEDULE


@dataclass(frozen=True)
class Aggregate:
    """The streams of one category."""

    service: str
    decider: Decider[Any, Any, Any]


AGGREGATES: dict[str, Aggregate] = {
    aggregate.decider.category: aggregate
    for aggregate in (
        Aggregate("billing", ORDER),
        Aggregate("billing", PRODUCT),
        Aggregate("provisioning", ADBOT),
        Aggregate("provisioning", PAIR),
        Aggregate("provisioning", SESSION),
        Aggregate("scheduler", SCHEDULE),
        Aggregate("forwarder", API_PAIR),
        Aggregate("forwarder", CLIENT),
        Aggregate("forwarder", CYCLE),
        Aggregate("gateway", ACCOUNT),
        Aggregate("gateway", INBOX),
    )
}
"""By category, the part of a stream's name before the first hyphen."""


@dataclass(frozen=True)
class Step:
    """An event and the state behind it; `problem` says why there is none from here on."""

    envelope: Envelope
    state: object | None
    problem: str | None = None


def steps(envelopes: Sequence[Envelope]) -> list[Step]:
    """Fold a stream's events, in order, and return the state after each."""
    found: list[Step] = []
    state: object | None = None
    problem: str | None = None
    for envelope in envelopes:
        category = envelope.stream.partition("-")[0]
        aggregate = AGGREGATES.get(category)
        if aggregate is None:
            found.append(Step(envelope, None, f"no aggregate is called {category!r}"))
            continue
        if problem is None:
            try:
                event = published().decode(envelope.type, envelope.schema, envelope.data)
                state = aggregate.decider.evolve(state, event)
            except UnknownEvent as error:
                problem = str(error)
            except ValidationError as error:
                problem = f"{envelope.type} v{envelope.version} is not readable: {error.error_count()} errors"
            except ImpossibleEvent as error:
                problem = f"v{envelope.version} is impossible here: {error}"
        found.append(Step(envelope, None if problem else state, problem))
    return found


def streams_of(service: str, key: str) -> list[str]:
    """Return the names of a service's streams that an id may stand for."""
    return [key] + [
        f"{category}-{key}" for category, aggregate in AGGREGATES.items() if aggregate.service == service
    ]
