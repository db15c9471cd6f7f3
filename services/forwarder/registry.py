"""The forwarder's registry."""

from libs.eventsourcing import Registry
from services.forwarder.access.domain import ACCESS
from services.forwarder.access.tables.denials import DENIALS
from services.forwarder.access.tables.memberships import APPROVALS, MEMBERSHIPS
from services.forwarder.client.domain import CLIENT
from services.forwarder.client.tables import CLIENTS, METHOD_RESTS
from services.forwarder.commands import commands
from services.forwarder.context import Context
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.tables import CYCLES
from services.forwarder.post_check.domain import POST_CHECK
from services.forwarder.reactions import reactions
from services.forwarder.tables.adbots import RELEASES, STOPS
from services.forwarder.tables.assignments import ASSIGNMENTS
from services.forwarder.telegram_application.domain import APPLICATION
from services.forwarder.timers import timers

REGISTRY = Registry[Context](
    service="forwarder",
    aggregates=(ACCESS, APPLICATION, CLIENT, CYCLE, POST_CHECK),
    read_models=(STOPS, RELEASES, ASSIGNMENTS),
    state_tables=(APPROVALS, CLIENTS, CYCLES, DENIALS, MEMBERSHIPS, METHOD_RESTS),
    reactions=reactions,
    commands=commands,
    timers=timers,
)
