"""The decision about a post check: a few in an hour, of posts that the account may name."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from libs.events.scheduler import PostCheckRequested, StopReason
from libs.events.values import AdbotId, ChannelPost
from libs.eventsourcing import Decider, Refused, Snapshots
from services.scheduler.post_checks.commands import Command
from services.scheduler.schedule.adbot import Adbot, owned
from services.scheduler.schedule.private_ids import private_ids_in, refuse

PER_HOUR = 6
"""How many checks of an adbot are begun within an hour: each costs every seat a few requests."""
ANSWERED_WITHIN = timedelta(minutes=2)
"""How long seats may take to answer."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class PostChecks:
    """An adbot's post checks: when those of the last hour were requested."""

    adbot: AdbotId
    requested: tuple[datetime, ...] = ()


def decide(command: Command, checks: PostChecks | None) -> list[PostCheckRequested]:
    """Return the request; refused as `CheckPost` says."""
    adbot = owned(command.adbot, command.account)
    _check_fit(adbot, command.at)
    if not command.posts:
        raise Refused("no_post", "set a post first, or say which one to check")
    posts = tuple(dict.fromkeys(post for post in command.posts if isinstance(post, ChannelPost)))
    if not posts:
        raise Refused(
            "nothing_to_check", "only posts that are links are read by seats; a text needs no check"
        )
    private = [] if adbot.private_ids else private_ids_in(posts, ())
    if private:
        raise refuse(private)
    command.switches.check(posts, ())
    lately = [] if checks is None else _within_an_hour(checks.requested, command.at)
    if len(lately) >= PER_HOUR:
        again = lately[-PER_HOUR] + _HOUR
        detail = f"{PER_HOUR} checks in an hour are enough; the next one is possible at {again:%H:%M:%S} UTC"
        raise Refused("too_many_post_checks", detail)
    request = PostCheckRequested(
        check=command.check,
        adbot=adbot.adbot,
        account=adbot.account,
        posts=posts,
        seats=adbot.seats,
        requested_at=command.at,
        expires_at=command.at + ANSWERED_WITHIN,
    )
    return [request]


def _check_fit(adbot: Adbot, at: datetime) -> None:
    """Raise `Refused` for an adbot whose seats do nothing."""
    match adbot.unfit(at):
        case StopReason.SUSPENDED:
            raise Refused("adbot_suspended", "the adbot is suspended")
        case StopReason.EXPIRED:
            raise Refused("adbot_expired", "the adbot's plan has ended; renew it first")
        case StopReason.SEATLESS:
            raise Refused("no_seats", "the adbot has no session yet")
        case _:
            pass


def evolve(checks: PostChecks | None, event: PostCheckRequested) -> PostChecks:
    """Return the post checks after an event."""
    state = checks or PostChecks(event.adbot)
    lately = _within_an_hour(state.requested, event.requested_at)
    return replace(state, requested=(*lately, event.requested_at))


def _within_an_hour(requested: tuple[datetime, ...], at: datetime) -> list[datetime]:
    return [one for one in requested if one > at - _HOUR]


def correlated_with(command: Command, _: str) -> UUID | None:
    """Return the correlation id of the adbot's order."""
    return command.adbot.correlation_id if command.adbot is not None else None


POST_CHECKS: Decider[Command, PostChecks, PostCheckRequested] = Decider(
    "postchecks",
    decide,
    evolve,
    correlated_with=correlated_with,
    snapshots=Snapshots(PostChecks, version=1),
)
