"""The command to an adbot's post checks; `account` is the caller's, None for an admin."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import AccountId, Post, PostCheckId
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.switches import Switches


@dataclass(frozen=True)
class Check:
    """Let each seat of an adbot look at posts."""

    adbot: Adbot | None
    account: AccountId | None
    check: PostCheckId
    posts: tuple[Post, ...]
    """Empty if there are none."""
    switches: Switches
    at: datetime


Command = Check
