"""Errors that a host handles, besides `Refused` and `ImpossibleEvent`; `model/errors.py` has them all."""

from libs.eventsourcing.model.errors import OperatorNeeded, Poison, Remedy, StatementRejected, Transient

__all__ = [
    "OperatorNeeded",
    "Poison",
    "Remedy",
    "StatementRejected",
    "Transient",
]
