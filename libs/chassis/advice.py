"""The commands that help an operator where store, stream and program do not match."""

from libs.chassis.broker import NotPermitted
from libs.eventsourcing.errors import OperatorNeeded, Remedy

_ADVICE = {
    Remedy.ROLL_BACK: "to go back, run `adrelay events rollback` with this program",
    Remedy.RETIRE: "if that is how it should be, run `adrelay events retire {service} {table}`",
    Remedy.VERIFY: "`adrelay events verify` shows what it lacks",
    Remedy.REBASE: "run `adrelay events rebase` for this service, then start it again",
}


def with_advice(error: Exception) -> str:
    """Return an error's text, with the command that helps, if there is one."""
    advice = _advice(error)
    return str(error) if advice is None else f"{error}; {advice}"


def described(error: Exception) -> str:
    """Return an error's type and text for logs, with the command that helps, if there is one."""
    advice = _advice(error)
    return repr(error) if advice is None else f"{error!r}; {advice}"


def stream_missing(error: NotPermitted, stream: str) -> OperatorNeeded:
    """Return the error of a service that may not create or change the stream."""
    return OperatorNeeded(f"the stream {stream} can't be used: {error}; {_about_permission(error)}")


def _about_permission(error: NotPermitted) -> str:
    if any(act in error.subject for act in (".STREAM.CREATE.", ".STREAM.UPDATE.")):
        return "it is missing or of an earlier version: run `adrelay events create-stream`"
    return "compare the broker's users with docs/reference/trust.md"


def _advice(error: Exception) -> str | None:
    if isinstance(error.__cause__, NotPermitted):
        return _about_permission(error.__cause__)
    if not isinstance(error, OperatorNeeded) or error.remedy is None:
        return None
    return _ADVICE[error.remedy].format(service=error.service, table=error.table)
