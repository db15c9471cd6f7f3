"""Models of the provider's answers and notifications, and their translation to billing's terms."""

from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from typing import Annotated, ClassVar, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from libs.events.values import Amount, Coin, OrderNumber, PaymentId
from libs.nowpayments.reading import Json, Unreadable, fields_of
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from services.billing.ports import PaymentOffer

_PLACES = 18
_ROOMY = Context(prec=60)
_ORDER_NUMBER: TypeAdapter[OrderNumber] = TypeAdapter(OrderNumber)
ModelT = TypeVar("ModelT", bound="ProviderFields")


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _memo(value: object) -> object:
    return None if value == "" else _as_text(value)


def _exact(value: object) -> object:
    """Return an amount, rounded down to the stored places: digits that no chain can transfer are no error."""
    if isinstance(value, bool):
        raise ValueError("is no amount")  # noqa: TRY004 - pydantic wants a ValueError
    if isinstance(value, str):
        value = _number(value)
    if not isinstance(value, Decimal) or not value.is_finite() or int(value.as_tuple().exponent) >= -_PLACES:
        return value
    try:
        return value.quantize(Decimal(1).scaleb(-_PLACES), ROUND_DOWN, _ROOMY)
    except InvalidOperation:  # too many digits before the point too: the field's limits reject it
        return value


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


_Id = Annotated[PaymentId, BeforeValidator(_as_text)]
"""A payment id; a number in notifications, a string elsewhere."""
_Money = Annotated[Amount, BeforeValidator(_exact)]
_Received = Annotated[
    Decimal,
    Field(ge=0, max_digits=38, decimal_places=18, allow_inf_nan=False),
    BeforeValidator(_exact),
]
_Currency = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,32}$")]
_Address = Annotated[str, StringConstraints(min_length=1, max_length=256)]
_Memo = Annotated[
    Annotated[str, StringConstraints(max_length=256)] | None,
    BeforeValidator(_memo),
]


class ProviderFields(BaseModel):
    """Base of messages from the provider, with the fields that billing uses; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    dispensable: ClassVar[frozenset[str]] = frozenset()
    """Fields that are treated as missing if they are invalid."""


class Created(ProviderFields):
    """The provider's answer to a request for a payment."""

    payment_id: _Id
    pay_address: _Address
    payin_extra_id: _Memo = None
    pay_amount: _Money
    pay_currency: _Currency
    price_amount: _Money
    price_currency: _Currency
    order_id: str | None = None
    expiration_estimate_date: AwareDatetime | None = None

    def offer(self) -> PaymentOffer:
        """Return the created payment in billing's terms."""
        return PaymentOffer(
            payment=self.payment_id,
            address=self.pay_address,
            memo=self.payin_extra_id,
            amount=self.pay_amount,
            expires_at=self.expiration_estimate_date,
        )


class Minimum(ProviderFields):
    """The provider's answer to a request for the minimum amount."""

    fiat_equivalent: _Received | None = None


class Reported(ProviderFields):
    """The state of a payment, from a notification or an answer; most fields may be missing.

    The payment's id and status are required: without them the report has no use.
    """

    dispensable = frozenset(
        {
            "parent_payment_id",
            "order_id",
            "price_currency",
            "pay_address",
            "payin_extra_id",
            "expiration_estimate_date",
        }
    )

    payment_id: _Id
    parent_payment_id: _Id | None = None
    payment_status: Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,40}$")]
    order_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    price_amount: _Received | None = None
    price_currency: _Currency | None = None
    pay_amount: _Received | None = None
    actually_paid: _Received | None = None
    pay_currency: _Currency | None = None
    pay_address: _Address | None = None
    payin_extra_id: _Memo = None
    expiration_estimate_date: AwareDatetime | None = None

    def report(self, coin: Callable[[str], Coin | None]) -> PaymentReport:
        """Return the report in billing's terms; `coin` translates the provider's codes of coins."""
        status = self.payment_status.upper()
        whole = "payin_extra_id" in self.model_fields_set  # an address is useless without its memo
        return PaymentReport(
            payment=self.payment_id,
            parent=self.parent_payment_id,
            order=_order_number(self.order_id),
            status=PaymentState(status) if status in PaymentState.__members__ else None,
            status_text=self.payment_status,
            price=self.price_amount,
            price_currency=self.price_currency.upper() if self.price_currency else None,
            amount=self.pay_amount,
            paid=self.actually_paid,
            coin=coin(self.pay_currency) if self.pay_currency else None,
            currency=self.pay_currency,
            address=self.pay_address if whole else None,
            memo=self.payin_extra_id,
            expires_at=self.expiration_estimate_date,
        )


def read(model: type[ModelT], answer: Json) -> ModelT:
    """Parse a message into a model; raise `Unreadable` with the names of missing or invalid fields."""
    fields = fields_of(answer, list(model.model_fields))
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        wrong = _wrong(error)
    try:
        return model.model_validate(
            {name: value for name, value in fields.items() if name not in wrong & model.dispensable}
        )
    except ValidationError as error:
        raise Unreadable("fields", f"missing or wrong: {', '.join(sorted(_wrong(error)))}") from None


def _wrong(error: ValidationError) -> set[str]:
    return {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}


def _order_number(text: str | None) -> OrderNumber | None:
    try:
        return _ORDER_NUMBER.validate_python(text)
    except ValidationError:
        return None
