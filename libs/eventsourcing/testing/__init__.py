"""Given/when/then for tests of what is built on the engine: for an aggregate, and for a whole service."""

from libs.eventsourcing.testing.scenario import Scenario, scenarios
from libs.eventsourcing.testing.service import Act, Case, Clock, Said, Service, service_on

__all__ = ["Act", "Case", "Clock", "Said", "Scenario", "Service", "scenarios", "service_on"]
