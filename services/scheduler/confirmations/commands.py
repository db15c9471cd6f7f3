"""The command to an adbot's confirmations; `account` is the caller's, None for an admin."""

from dataclasses import dataclass

from libs.events.values import AccountId, GroupRef
from services.scheduler.schedule.adbot import Adbot


@dataclass(frozen=True)
class Confirm:
    """Confirm that a group is alive, so that it is asked again."""

    adbot: Adbot | None
    account: AccountId | None
    group: GroupRef


Command = Confirm
