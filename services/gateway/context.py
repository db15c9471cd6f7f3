"""What the gateway's reactions work with, besides events and the database."""

from dataclasses import dataclass

from services.gateway.account.codes import AccessCodes


@dataclass(frozen=True)
class Context:
    """How access codes are made, and whether new notifications are mailed too."""

    codes: AccessCodes
    mails: bool
