"""The commands to the operator's switches."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pause:
    """Pause all adbots."""

    reason: str


@dataclass(frozen=True)
class Resume:
    """End the pause."""

    reason: str


@dataclass(frozen=True)
class Block:
    """Block a group or, as a source of posts, a channel, by its canonical reference."""

    chat: str
    reason: str
    source: bool = False


@dataclass(frozen=True)
class Unblock:
    """End a block."""

    chat: str
    reason: str
    source: bool = False


Command = Pause | Resume | Block | Unblock
