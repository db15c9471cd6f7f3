"""What an operator can run where store, stream and program do not fit together."""

from libs.eventsourcing import OperatorNeeded, Remedy

_ADVICE = {
    Remedy.ROLL_BACK: "to go back, run `adrelay events rollback` with this program",
    Remedy.RETIRE: "if that is how it should be, run `adrelay events retire {service} {table}`",
    Remedy.VERIFY: "`adrelay events verify` shows what it lacks",
    Remedy.REBASE: "run `adrelay events rebase` for this service, then start it again",
}


def with_advice(error: Exception) -> str:
    """Return what an error says, and which command helps, if one does."""
    advice = _advice(error)
    return str(error) if advice is None else f"{error}; {advice}"


def described(error: Exception) -> str:
    """Return an error's type and text for logs, and which command helps, if one does."""
    advice = _advice(error)
    return repr(error) if advice is None else f"{error!r}; {advice}"


def _advice(error: Exception) -> str | None:
    if not isinstance(error, OperatorNeeded) or error.remedy is None:
        return None
    return _ADVICE[error.remedy].format(service=error.service, table=error.table)
