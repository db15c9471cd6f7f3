"""Folds a stream's events and returns the state after each."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from adrelay.registries import decider_of
from libs.events.catalogue import published
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.operations import UnknownEvent
from libs.eventsourcing.values import Envelope


@dataclass(frozen=True)
class Step:
    """An event and the state after it; `problem` is the error because of which there is no state any more."""

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
        decider = decider_of(category)
        if decider is None:
            found.append(Step(envelope, None, f"no aggregate is called {category!r}"))
            continue
        if problem is None:
            try:
                event = published().decode(envelope.type, envelope.schema, envelope.data)
                state = decider.evolve(state, event)
            except UnknownEvent as error:
                problem = str(error)
            except ValidationError as error:
                problem = f"{envelope.type} v{envelope.version} is not readable: {error.error_count()} errors"
            except ImpossibleEvent as error:
                problem = f"v{envelope.version} is impossible here: {error}"
        found.append(Step(envelope, None if problem else state, problem))
    return found
