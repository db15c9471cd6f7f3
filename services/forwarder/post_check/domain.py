"""The decision about a seat's answer to a post check: each seat gives one."""

from dataclasses import dataclass

from libs.events.forwarder import PostChecked
from libs.events.values import SessionId
from libs.eventsourcing import Decider
from services.forwarder.post_check.commands import Command


@dataclass(frozen=True)
class PostCheck:
    """The seats that have answered."""

    answered: frozenset[SessionId] = frozenset()


def decide(command: Command, check: PostCheck | None) -> list[PostChecked]:
    """Return the answer, if it is the seat's first."""
    if check is not None and command.session in check.answered:
        return []
    answer = PostChecked(
        check=command.check, adbot=command.adbot, session=command.session, findings=command.findings
    )
    return [answer]


def evolve(check: PostCheck | None, event: PostChecked) -> PostCheck:
    """Return the check after an answer."""
    return PostCheck((check or PostCheck()).answered | {event.session})


POST_CHECK: Decider[Command, PostCheck, PostChecked] = Decider("postcheck", decide, evolve)
