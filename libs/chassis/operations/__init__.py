"""The answers to operators' questions about a service's store, tables and readers."""

from typing import Any

from libs.chassis.operations import dead_letters, explorer, tables
from libs.chassis.operations.rebuilds import Rebuilds
from libs.chassis.questions import Answering
from libs.eventsourcing import Engine, Registry


def answer_operators(
    answering: Answering, engine: Engine, registry: Registry[Any], rebuilds: Rebuilds
) -> None:
    """Answer operators' questions to this service."""
    dead_letters.answer(answering, engine)
    tables.answer(answering, engine, rebuilds)
    explorer.answer(answering, engine, registry)
