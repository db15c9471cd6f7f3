"""The command to a post check."""

from dataclasses import dataclass

from libs.events.forwarder import PostFinding
from libs.events.values import AdbotId, PostCheckId, SessionId


@dataclass(frozen=True)
class Answer:
    """Record what a seat found out."""

    check: PostCheckId
    adbot: AdbotId
    session: SessionId
    findings: tuple[PostFinding, ...]


Command = Answer
