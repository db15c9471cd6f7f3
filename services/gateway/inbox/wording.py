"""What notifications about adbots say: what happened, and what to do."""

from collections.abc import Sequence
from datetime import datetime

from libs.events.scheduler import StopReason
from libs.events.values import GroupRef, SessionLoss

_LOSSES = {
    SessionLoss.BANNED: "Telegram has banned one of the Telegram accounts that post for it",
    SessionLoss.FROZEN: "Telegram has frozen one of the Telegram accounts that post for it",
    SessionLoss.RETIRED: "one of the Telegram accounts that post for it was retired",
}
_STOPS = {
    StopReason.SEATLESS: "it has no Telegram account left that could post. Start it again once it has one; "
    "we tell you when that is",
    StopReason.SOURCE_BROKEN: "its post can't be forwarded. Check that it exists, that the adbot's accounts "
    "can read its channel, and that the channel allows forwarding; set another post if need be, and start "
    "the adbot again",
    StopReason.PRIVATE_IDS: "its advertisement names chats by private ids, which your account may not use. "
    "Name them by their public names, and start the adbot again",
    StopReason.ENDED: "the end that you set has come. Set another one, or none, to start the adbot again",
    StopReason.SOURCE_BLOCKED: "the operator of this service has blocked the channel of its post. "
    "Set another post, and start the adbot again",
    StopReason.NO_GROUPS: "it has no groups left, since its group lists were deleted. "
    "Set groups, and start the adbot again",
}
"""The reasons of which the owner hears by this notification; of the others by another one, or knows."""

SUSPENDED = (
    "The operator of this service has suspended the adbot: it posts nothing, and can't be started. "
    "Ask the operator for the reason."
)
RESTORED = "The adbot is no longer suspended. It is stopped: start it when you like."
EXPIRED = (
    "The time of the adbot is over, so it has stopped. Renew it to go on: its settings are kept, and for a "
    "while its accounts too."
)


MOST_NAMED = 3
"""How many groups the text names; the notification has more of them."""


def has_notification(reason: StopReason) -> bool:
    """Return whether a stop for this reason has a notification of its own."""
    return reason in _STOPS


def ready(seats: int, wanted: int | None) -> str:
    """Say that an adbot can be started with so many of its seats; None: it is not known of how many."""
    if wanted is None:
        return (
            "The adbot has a Telegram account now and is ready: set your post and your groups, and start it."
        )
    if seats >= wanted:
        return "The adbot is ready: set your post and your groups, and start it."
    return (
        f"The adbot is ready with {seats} of its {wanted} Telegram accounts: set your post and your groups, "
        "and start it. The others follow by themselves as soon as they are in stock."
    )


def waiting(wanted: int) -> str:
    """Say that an adbot waits for stock."""
    accounts = "Telegram account is" if wanted == 1 else f"{wanted} Telegram accounts are"
    return (
        f"The adbot is set up, but its {accounts} not in stock at the moment. You need not do anything: it "
        "gets them as soon as they are there, its time starts only then, and we tell you."
    )


def lost(loss: SessionLoss) -> str:
    """Say that a seat was lost, before it is known whether it is filled again."""
    return (
        f"The adbot lost a seat: {_LOSSES[loss]}. It gets another one as soon as one is in stock, "
        "and we tell you; until then the others take over its groups."
    )


def replaced(loss: SessionLoss | None) -> str:
    """Say that a lost seat is filled again."""
    why = _LOSSES[loss] if loss is not None else "one of the Telegram accounts that post for it was lost"
    return (
        f"The adbot has another account: {why}, and it was replaced. In groups that only members "
        "may write to, the new account has to be let in. If the adbot has stopped, start it again."
    )


def stopped(reason: StopReason) -> str:
    """Say why an adbot stopped by itself, and what to do."""
    return f"The adbot has stopped: {_STOPS[reason]}."


def expiring(days: int) -> str:
    """Say that the end of an adbot is near."""
    return (
        f"The time of the adbot ends in {_many(days, 'day')}; then it stops. Renew it before, and it goes "
        "on without a break."
    )


def extended(days: int, until: datetime | None) -> str:
    """Say until when an adbot was extended."""
    if until is None:
        return f"{_many(days, 'day')} were added to the time of the adbot; it starts with its first account."
    return f"{_many(days, 'day')} were added to the time of the adbot: it lasts until {moment(until)}."


def dead(groups: Sequence[GroupRef], more: int) -> str:
    """Say that groups take no posts, and what to do."""
    count = len(groups) + more
    rest = f" and {count - MOST_NAMED} more" if count > MOST_NAMED else ""
    return (
        f"No account of the adbot may post in {_many(count, 'group')}, or they are gone: "
        f"{', '.join(groups[:MOST_NAMED])}{rest}. They are left out, and asked again from time to time. "
        "Remove them, or confirm a group that you know to work."
    )


def moment(at: datetime) -> str:
    """Return an instant in words."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
