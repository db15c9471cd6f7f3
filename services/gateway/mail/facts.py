"""What a mail is about: the notification, its order as it stands now, and perhaps an access code."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import SecretStr

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId, NotificationId, OrderNumber
from libs.eventsourcing.projection import Sql
from services.gateway.account.codes import AccessCodes
from services.gateway.account.tables import digest_of
from services.gateway.inbox.tables import Notification, notification_of, was_sent


@dataclass(frozen=True)
class OrderFacts:
    """An order, as the read model has it by now."""

    order: OrderNumber
    plan: str
    price_usd: Decimal
    coin: str
    pending: bool
    """Whether it still waits for its money."""
    address: str | None
    memo: str | None
    amount: Decimal | None
    pay_by: datetime
    renews: bool
    """Whether it extends an adbot instead of buying one."""


@dataclass(frozen=True)
class Facts:
    """All that is needed to write a mail."""

    notification: Notification
    order: OrderFacts
    access_code: SecretStr | None
    """What opens the account, for the mail that first says that a payment was received."""

    @property
    def complete(self) -> bool:
        """Whether the mail can be written by now: an order is placed once it is known where to pay."""
        return not (self._nowhere_to_pay and self.order.pending)

    @property
    def over(self) -> bool:
        """Whether there is nothing to tell: the order ended before it was known where to pay."""
        return self._nowhere_to_pay and not self.order.pending

    @property
    def _nowhere_to_pay(self) -> bool:
        return self.notification.kind is NotificationKind.ORDER_PLACED and self.order.address is None


async def facts_of(sql: Sql, codes: AccessCodes, notification: NotificationId) -> Facts | None:
    """Return what a notification's mail is about, None while the read model does not know its order."""
    told = await notification_of(sql, notification)
    if told is None:
        return None
    order = await _order(sql, told.order)
    if order is None:
        return None
    code: SecretStr | None = None
    if told.kind is NotificationKind.PAYMENT_RECEIVED:
        code = await _first_code(sql, codes, told.account)
    return Facts(told, order, code)


async def _first_code(sql: Sql, codes: AccessCodes, account: AccountId) -> SecretStr | None:
    """Return the code that opens an account, unless its owner has got it or has another one by now."""
    if await was_sent(sql, account, NotificationKind.PAYMENT_RECEIVED):
        return None
    code = codes.first(account)
    kept = await digest_of(sql, account)
    if kept is None or not hmac.compare_digest(kept, codes.digest(code)):
        return None
    return SecretStr(code)


async def _order(sql: Sql, order: OrderNumber) -> OrderFacts | None:
    row = await sql.fetchrow(
        "select order_number, plan_name, price_usd, pay_currency, status, pay_address, memo, amount, "
        "least(expires_at, pay_by) as pay_by, renews from orders where order_number = $1",
        order,
    )
    if row is None:
        return None
    return OrderFacts(
        order=row["order_number"],
        plan=row["plan_name"],
        price_usd=row["price_usd"],
        coin=row["pay_currency"],
        pending=row["status"] == "PENDING",
        address=row["pay_address"],
        memo=row["memo"],
        amount=row["amount"],
        pay_by=row["pay_by"],
        renews=row["renews"] is not None,
    )
