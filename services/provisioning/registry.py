"""The registry of provisioning."""

from libs.eventsourcing import Registry
from services.provisioning.account.tables import SUSPENDED_ACCOUNTS
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.commands import commands
from services.provisioning.context import Context
from services.provisioning.reactions import reactions
from services.provisioning.session.domain import SESSION
from services.provisioning.session.tables import STOCK
from services.provisioning.telegram_application.domain import APPLICATION
from services.provisioning.timers import timers

REGISTRY = Registry[Context](
    service="provisioning",
    aggregates=(ADBOT, APPLICATION, SESSION),
    state_tables=(STOCK, ADBOTS),
    read_models=(SUSPENDED_ACCOUNTS,),
    reactions=reactions,
    commands=commands,
    timers=timers,
)
