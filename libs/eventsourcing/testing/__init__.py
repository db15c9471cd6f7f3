"""Tools for tests of what is built on the engine: given/when/then, and a store in memory."""

from libs.eventsourcing.testing.memory import MemoryStore
from libs.eventsourcing.testing.scenario import Scenario, scenarios

__all__ = ["MemoryStore", "Scenario", "scenarios"]
