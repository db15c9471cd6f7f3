"""The commands to provisioning."""

from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.values import AdbotId, SessionId
from libs.eventsourcing.model.event import Command


class ExtendAdbot(Command):
    """Extend an adbot's validity by days. Refused: `unknown_adbot`."""

    adbot: AdbotId
    days: Annotated[int, Field(ge=1, le=3660)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class SuspendAdbot(Command):
    """Suspend an adbot; accepted if it is suspended already. Refused: `unknown_adbot`.

    With `release_sessions` its sessions return to stock at once, also if it is suspended already.
    """

    adbot: AdbotId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
    release_sessions: bool = False


class RestoreAdbot(Command):
    """Restore a suspended adbot without starting it; empty seats wait for stock.

    Refused: `unknown_adbot`.
    """

    adbot: AdbotId


class ReplaceSeat(Command):
    """Retire the session on a seat, and put another one on it; without stock the seat waits.

    Refused: `unknown_adbot`, `session_not_seated`.
    """

    adbot: AdbotId
    session: SessionId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class RetireSession(Command):
    """Retire a session for ever; if it is on an adbot, its seat is filled again or waits for stock.

    Accepted if the session is lost already. Refused: `unknown_session`.
    """

    session: SessionId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
