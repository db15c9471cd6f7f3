"""The dependencies of the gateway's reactions."""

from dataclasses import dataclass

from services.gateway.account.codes import AccessCodes


@dataclass(frozen=True)
class Context:
    """The source of access codes; `mails`: notifications are also sent by mail, notices `operator_mails`."""

    codes: AccessCodes
    mails: bool
    operator_mails: bool = False
