"""The requests and responses of the control API."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["refuse", "status", "slow", "hang", "close", "drop"]
Stage = Literal["connect", "mail", "rcpt", "data"]


class Message(BaseModel):
    """A request or response of the control API; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MailView(Message):
    """A received mail."""

    id: Annotated[int, Field(description="Counts up from 1, also over a clearing.")]
    at: datetime
    sender: Annotated[str, Field(description="Of the envelope.")]
    recipients: Annotated[tuple[str, ...], Field(description="Of the envelope.")]
    subject: str
    message_id: str
    date: datetime | None
    text: Annotated[str, Field(description="The plain text.")]
    html: Annotated[str, Field(description="The HTML, empty if there is none.")]
    headers: Annotated[tuple[tuple[str, str], ...], Field(description="As they stand, decoded.")]
    encrypted: bool
    user: Annotated[str | None, Field(description="Who had signed in.")]


class Fault(Message):
    """A fault of mails.

    `refuse` closes connections before a greeting, and open ones before their next mail. `status` answers a
    stage with `code`. `slow` answers it after `seconds`, `hang` not at all for that time. `close` closes the
    connection at a stage, for `data` in the middle of it. `drop` stores the mail and closes the connection
    without an answer.
    """

    kind: Kind
    stage: Stage = "rcpt"
    code: Annotated[int, Field(ge=400, le=599)] = 451
    text: Annotated[str, Field(pattern=r"^[ -~]{1,200}$")] = "4.3.0 try again later"
    seconds: Annotated[float, Field(ge=0, description="How long to hang, or to be slow.")] = 60
    count: Annotated[int | None, Field(ge=1, description="It strikes so often, ever if not given.")] = None
    recipient: Annotated[str | None, Field(description="Only mails to this address; not for `connect`.")] = (
        None
    )
