"""The scheduler's registry."""

from libs.eventsourcing import Registry
from services.scheduler.commands import commands
from services.scheduler.confirmations.domain import CONFIRMATIONS
from services.scheduler.context import Context
from services.scheduler.group_lists.domain import GROUP_LIST
from services.scheduler.group_lists.tables import GROUP_LISTS
from services.scheduler.operations.domain import OPERATIONS
from services.scheduler.operations.tables import OPERATIONS_TABLES
from services.scheduler.permissions.domain import PERMISSIONS
from services.scheduler.permissions.tables import PRIVATE_IDS
from services.scheduler.post_checks.domain import POST_CHECKS
from services.scheduler.reactions import reactions
from services.scheduler.schedule.domain import SCHEDULE
from services.scheduler.schedule.tables import SCHEDULES
from services.scheduler.tables.adbots import ADBOTS
from services.scheduler.timers import timers

REGISTRY = Registry[Context](
    service="scheduler",
    aggregates=(SCHEDULE, PERMISSIONS, OPERATIONS, CONFIRMATIONS, GROUP_LIST, POST_CHECKS),
    state_tables=(SCHEDULES, PRIVATE_IDS, OPERATIONS_TABLES, GROUP_LISTS),
    read_models=(ADBOTS,),
    reactions=reactions,
    commands=commands,
    timers=timers,
)
