"""Given/when/then for tests of what is built on the engine: for an aggregate, and for a whole service."""

from libs.eventsourcing.testing.scenario import Scenario, scenarios
from libs.eventsourcing.testing.service import Act, Case, Clock, Service, StreamEvent, service_on

__all__ = ["Act", "Case", "Clock", "Scenario", "Service", "StreamEvent", "scenarios", "service_on"]
