"""The data of a mail: the notification, its order now, and perhaps an access code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import SecretStr

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId, NotificationId, OrderNumber
from libs.eventsourcing import Row, Sql
from services.gateway.account.codes import AccessCodes
from services.gateway.inbox.domain import MailState
from services.gateway.inbox.tables import SECOND, Notification, notification_in

_ORDER_OVER = "the order was over before"
_OVER = "what it says was over before, or is in a later mail"
ERASED = "the account was erased"
OBSOLETE = frozenset({_ORDER_OVER, _OVER, ERASED})
"""The reasons for which a mail is given up that nobody needs any more; all others are failures."""
_NO_ADDRESS = "the account's e-mail address is not known"


@dataclass(frozen=True)
class OrderFacts:
    """An order as in the read model now."""

    order: OrderNumber
    plan: str
    price_usd: Decimal
    coin: str
    pending: bool
    """The order awaits its payment."""
    address: str | None
    memo: str | None
    amount: Decimal | None
    pay_by: datetime
    renews: bool
    """The order is a renewal of an adbot."""


@dataclass(frozen=True)
class Facts:
    """The data of one mail."""

    notification: Notification
    order: OrderFacts
    to: str
    """The account's address now; empty if the account was erased, or if it is not known."""
    access_code: SecretStr | None
    """The account's access code, in the first mail about a received payment."""
    licence: str = ""
    """The account's licence key, in the same mail."""
    obsolete_notification: bool = False
    """What it says is over, or in a later mail: the lost seat was filled again, other seats of the adbot were
    lost or replaced since, or the end that is near is another one by now."""
    others: int = 0
    """Of a lost or replaced seat: how many others of the adbot, of the last day, had no mail of their own."""
    erased: bool = False
    """The account was erased."""

    @property
    def complete(self) -> bool:
        """Return whether the mail can be written: a mail about a placed order needs the payment's address."""
        return not (self._nowhere_to_pay and self.order.pending)

    @property
    def obsolete(self) -> str:
        """Return why the mail is not to be sent; empty if it is.

        So it is if the order ended before it had a payment address, if the notification is obsolete, and if
        the account has no address.
        """
        if not self.to:
            return ERASED if self.erased else _NO_ADDRESS
        if self._nowhere_to_pay and not self.order.pending:
            return _ORDER_OVER
        return _OVER if self.obsolete_notification else ""

    @property
    def _nowhere_to_pay(self) -> bool:
        return self.notification.kind is NotificationKind.ORDER_PLACED and self.order.address is None


_FACTS = f"""
select n.*, o.order_number is not null as order_is_known, o.plan_name, o.price_usd, o.pay_currency,
    o.status as order_status, o.pay_address, o.memo, o.amount, least(o.expires_at, o.pay_by) as pay_by,
    o.renews, {SECOND} as second_of,
    n.kind = $4 and exists (
        select from notifications r where r.adbot = n.adbot and r.kind = $5 and r.session = n.session
    ) or n.kind = any($7) and exists (
        select from notifications l where l.adbot = n.adbot and l.kind = n.kind
        and (l.raised_at, l.notification) > (n.raised_at, n.notification)
    ) or n.kind = $6 and not exists (
        select from adbots a where a.adbot = n.adbot and a.valid_until = n.valid_until and not a.expired
    ) as obsolete,
    case when n.kind = any($7) then (
        select count(*) from notifications e where e.adbot = n.adbot and e.kind = n.kind and e.mail <> $3
        and e.raised_at > n.raised_at - interval '1 day'
        and (e.raised_at, e.notification) < (n.raised_at, n.notification)
    ) else 0 end as others,
    case when n.kind = $2 and not exists (
        select from notifications s where s.account = n.account and s.kind = n.kind and s.mail = $3
    ) then (select code_digest from accounts a where a.account = n.account) end as digest,
    (select sealed from first_codes.sealed f where f.account = n.account) as sealed,
    (select licence from accounts a where a.account = n.account) as licence,
    coalesce(p.email, '') as email,
    exists (select from erased_accounts x where x.account = n.account) as erased
from notifications n left join orders o on o.order_number = n.order_number
left join personal.addresses p on p.account = n.account
where n.notification = any($1)
"""  # noqa: S608 - constants
"""The digest is that of the account's access code, if its owner has got no code by mail so far."""


async def facts_of(
    sql: Sql, codes: AccessCodes, notifications: Sequence[NotificationId]
) -> dict[NotificationId, Facts]:
    """Return the data of notifications' mails, except of those whose order the read model lacks."""
    rows = await sql.fetch(
        _FACTS,
        list(notifications),
        NotificationKind.PAYMENT_RECEIVED,
        MailState.SENT,
        NotificationKind.SEAT_LOST,
        NotificationKind.SEAT_REPLACED,
        NotificationKind.EXPIRING,
        [NotificationKind.SEAT_LOST, NotificationKind.SEAT_REPLACED],
    )
    return {NotificationId(row["notification"]): _facts(row, codes) for row in rows if row["order_is_known"]}


def _facts(row: Row, codes: AccessCodes) -> Facts:
    notification = notification_in(row)
    code = None if row["digest"] is None else _first_code(codes, notification.account, row)
    return Facts(
        notification,
        _order(row),
        row["email"],
        code,
        licence=row["licence"] or "",
        obsolete_notification=row["obsolete"],
        others=row["others"],
        erased=row["erased"],
    )


def _first_code(codes: AccessCodes, account: AccountId, row: Row) -> SecretStr | None:
    """Return an account's first access code if it is still the one in use, else None."""
    sealed: bytes | None = row["sealed"]
    candidates = codes.derived(account) if sealed is None else [codes.sealed.open(account, sealed)]
    in_use = (code for code in candidates if code is not None and row["digest"] in codes.digests(code))
    code = next(in_use, None)
    return None if code is None else SecretStr(code)


def _order(row: Row) -> OrderFacts:
    return OrderFacts(
        order=row["order_number"],
        plan=row["plan_name"],
        price_usd=row["price_usd"],
        coin=row["pay_currency"],
        pending=row["order_status"] == "PENDING",
        address=row["pay_address"],
        memo=row["memo"],
        amount=row["amount"],
        pay_by=row["pay_by"],
        renews=row["renews"] is not None,
    )
