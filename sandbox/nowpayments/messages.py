"""The requests and responses of the control API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

Status = Annotated[str, Field(min_length=1, max_length=40)]
Seconds = Annotated[float, Field(ge=0)]
Order = Literal["as_happened", "reversed", "shuffled"]
Redeposits = Literal["finished", "partially_paid"]
NotificationState = Literal["withheld", "trying", "delivered", "given_up"]


class Message(BaseModel):
    """A request or response of the control API; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sending(Message):
    """How the notifications of one action are sent."""

    steps: tuple[Status, ...] | None = Field(
        None, description="The statuses to go through, if not the usual."
    )
    step_seconds: Seconds = 0
    repeat: int = Field(default=1, ge=1, description="Each notification is sent so often.")
    order: Order = "as_happened"
    seed: int = Field(default=0, description="Of the shuffling.")
    together: bool = Field(default=False, description="All at once, not one after the other's answer.")
    silent: bool = Field(default=False, description="Write the notifications down, but send none.")
    forged: bool = Field(default=False, description="Sign with a wrong secret.")
    leave_out: tuple[str, ...] = Field(default=(), description="Fields that the notifications do not have.")
    null: tuple[str, ...] = Field(default=(), description="Fields that are null in the notifications.")
    wait: bool = Field(default=True, description="Answer when every notification was tried once.")


class Deposit(Sending):
    """Coins are received at the payment's address; by default the amount that it asks for."""

    amount: Decimal | None = Field(default=None, gt=0, description="In units of the coin that arrives.")
    fraction: Decimal | None = Field(default=None, gt=0, description="Of what the payment asks for.")
    coin: str | None = Field(default=None, description="The coin that arrives, if not the one asked for.")
    late: bool = Field(default=False, description="The payment expires first.")
    ends: Status | None = Field(
        default=None, description="It comes to nothing: after confirming it is so, with what came."
    )

    @model_validator(mode="after")
    def one_measure(self) -> "Deposit":
        """Raise for an amount together with a fraction."""
        if self.amount is not None and self.fraction is not None:
            raise ValueError("give an amount or a fraction, not both")
        return self


class StatusChange(Sending):
    """The payment gets this status, known or unknown, after any other."""

    status: Status


class Notice(Sending):
    """A notification of the payment's current state, with some fields changed."""

    change: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    url: str | None = Field(default=None, description="Where to, if not the payment's own address.")


class Resending(Message):
    """An earlier notification is repeated, byte for byte."""

    times: int = Field(default=1, ge=1)
    status: Status | None = Field(
        default=None, description="The last one with this status; the last of all, if None."
    )
    together: bool = False


class Switches(Message):
    """The switches for all later notifications."""

    silent: bool = False
    forged: bool = False
    index_arrays: bool = Field(default=False, description="Sign arrays as the older documentation did.")
    tell_waiting: bool = Field(default=False, description="Notify of each new payment, too.")
    redeposits: Redeposits = Field(
        default="finished", description="What a further deposit ends as: a setting of the merchant's account."
    )
    newest: bool = Field(
        default=False,
        description="A notification has the payment's state at the time of sending, also a late one.",
    )
    leave_out: tuple[str, ...] = Field(default=(), description="Fields that no notification has.")
    null: tuple[str, ...] = Field(default=(), description="Fields that are null in every notification.")
    retries: int = Field(default=3, ge=0)
    retry_seconds: Seconds = 60
    answer_within_seconds: Seconds = 3


class SwitchChange(Message):
    """The switches to set; the others are unchanged."""

    silent: bool | None = None
    forged: bool | None = None
    index_arrays: bool | None = None
    tell_waiting: bool | None = None
    redeposits: Redeposits | None = None
    newest: bool | None = None
    leave_out: tuple[str, ...] | None = None
    null: tuple[str, ...] | None = None
    retries: int | None = Field(default=None, ge=0)
    retry_seconds: Seconds | None = None
    answer_within_seconds: Seconds | None = None


class Fault(Message):
    """A fault of the API for a number of calls, a time, or until its removal."""

    kind: Literal["error", "slow", "hang", "lose_answer", "garbage", "change", "cut"] = Field(
        description="`error` answers with `status`; `slow` answers after `seconds`; `hang` never "
        "does (504 after `seconds`) and does nothing; `lose_answer` executes the call and then hangs; "
        "`garbage` answers 200 with a page that is no JSON; `change` executes the call and answers with some "
        "fields changed; `cut` executes the call and closes the connection in the middle of its answer."
    )
    status: int = Field(default=503, ge=400, le=599)
    retry_after_seconds: int | None = Field(
        default=None, ge=0, description="What an `error` asks the caller to wait."
    )
    change: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    seconds: Seconds = 30
    count: int | None = Field(default=None, ge=1)
    for_seconds: float | None = Field(default=None, gt=0)
    method: str | None = None
    path: str = Field(default="/v1/", description="The beginning of the paths it strikes.")


class PaymentView(Message):
    """A payment of the sandbox."""

    payment_id: str
    parent_payment_id: str | None
    status: str
    history: tuple[str, ...]
    order_id: str | None
    price_amount: Decimal
    price_currency: str
    pay_amount: Decimal
    asked_currency: str
    pay_currency: str
    pay_address: str
    payin_extra_id: str | None
    received: Decimal
    ipn_callback_url: str | None
    created_at: datetime
    expires_at: datetime


class Attempt(Message):
    """One attempt to deliver a notification: its answer or its error."""

    at: datetime
    answered: int | None
    error: str | None
    took_seconds: float


class NotificationView(Message):
    """A notification, exactly as sent, and its attempts."""

    id: int
    payment_id: str
    status: str
    url: str | None
    body: str
    signature: str
    forged: bool
    copy_of: int | None
    state: NotificationState
    attempts: tuple[Attempt, ...]


class Call(Message):
    """One call of the API."""

    at: datetime
    method: str
    path: str
    answered: int
    fault: str | None
