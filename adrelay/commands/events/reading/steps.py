"""Folds a stream's events and returns the state after each."""

from collections.abc import Sequence

from adrelay.registries import decider_of
from libs.events.catalogue import published
from libs.eventsourcing.operations import Folding, Step
from libs.eventsourcing.values import Envelope


def steps(envelopes: Sequence[Envelope]) -> list[Step]:
    """Fold a stream's events, in order, and return the state after each."""
    if not envelopes:
        return []
    folding = Folding(decider_of(envelopes[0].stream.partition("-")[0]), published())
    return [folding.step(envelope) for envelope in envelopes]
