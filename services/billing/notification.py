"""What a provider's notification says, read from its body."""

import json
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from libs.events.values import Amount, PaymentId
from libs.eventsourcing.decider import Refused


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


_Id = Annotated[PaymentId, BeforeValidator(_as_text)]
"""A number in notifications, a string elsewhere."""
_Received = Annotated[Decimal, Field(ge=0, max_digits=38, decimal_places=18, allow_inf_nan=False)]
_Currency = Annotated[str, StringConstraints(max_length=32)]


class Notification(BaseModel):
    """The fields that billing relies on; the provider sends more, and may add others."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    payment_id: _Id
    parent_payment_id: _Id | None = None
    payment_status: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    order_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    price_amount: Amount
    price_currency: _Currency
    pay_amount: Amount
    actually_paid: _Received | None = None
    pay_currency: _Currency


def read_notification(body: bytes) -> Notification:
    """Return what a notification says, its amounts to the last digit; raise `Refused` if it says nothing."""
    try:
        return Notification.model_validate(json.loads(body, parse_float=Decimal))
    except ValidationError as error:
        wrong = sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]})
        detail = f"missing or wrong: {', '.join(wrong)}" if wrong else "it is no object"
        raise Refused("malformed_notification", detail) from None
    except ValueError:
        raise Refused("malformed_notification", "it is no JSON") from None
