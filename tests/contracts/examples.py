"""One example of every published event; never changed."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from libs.events import billing, forwarder, gateway, provisioning, scheduler
from libs.events.cadence import Cadence, QuietHours, TimetableEntry, Weekday
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    Method,
    NotificationId,
    Pacing,
    Party,
    Plan,
    PlanKind,
    PostCheckId,
    ResultClass,
    Seat,
    SessionId,
    SessionLoss,
    TextPost,
)
from libs.eventsourcing import Event

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 31, 12, 0, 0, 250_000, tzinfo=UTC)
ACCOUNT = AccountId(UUID("018f0000-0000-7000-8000-00000000000a"))
ADBOT = AdbotId(UUID("018f0000-0000-7000-8000-00000000000b"))
CYCLE = CycleId(UUID("018f0000-0000-7000-8000-00000000000c"))
API_KEY = gateway.ApiKeyId(UUID("0190a000-0000-7000-8000-0000000000a1"))
HOOK = gateway.HookId(UUID("0190a000-0000-7000-8000-0000000000e1"))
DEVICE = gateway.DeviceId(UUID("0190a000-0000-7000-8000-0000000000d1"))
NOTIFICATION = NotificationId(UUID("018f0000-0000-7000-8000-000000000010"))
NOTICE = gateway.NoticeId(UUID("018f0000-0000-7000-8000-000000000011"))
CHECK = PostCheckId(UUID("018f0000-0000-7000-8000-000000000012"))
PAIR = ApplicationId(UUID("018f0000-0000-7000-8000-00000000000d"))
SESSION = SessionId(UUID("018f0000-0000-7000-8000-00000000000e"))
OTHER_SESSION = SessionId(UUID("018f0000-0000-7000-8000-00000000000f"))
GROUP_LIST = scheduler.GroupListId(UUID("018f0000-0000-7000-8000-000000000011"))
ORDER = "HQADZ-M5X2K1-9F3QTB7W"
PAYMENT = "5745459419"
GROUPS = ("@berlin_flats", "-1001234567890/42", "+AbCdEfGh1234")
PLAN = Plan(
    code="starter-5",
    name="Starter 5",
    kind=PlanKind.STARTER,
    sessions=5,
    interval_seconds=900,
    price_usd=Decimal("49.90"),
    validity_days=30,
    max_groups=200,
    max_posts=5,
)
SEAT = Seat(session=SESSION, pair=PAIR)
POST = ChannelPost(channel="@flats", message=77)
PACING = Pacing(delay_seconds=1.5, jitter_seconds=0.25)
SHARE = forwarder.Share(session=OTHER_SESSION, pair=PAIR, groups=GROUPS[1:])
COUNTS = {ResultClass.SENT: 2, ResultClass.TARGET_DENIED: 1}

_BILLING: list[Event] = [
    billing.ProductListed(plan=PLAN),
    billing.ProductRepriced(code="starter-5", price_usd=Decimal("59.90")),
    billing.ProductRetired(code="starter-5"),
    billing.OrderPlaced(
        order=ORDER,
        account=ACCOUNT,
        plan=PLAN,
        coin="USDT",
        renews=ADBOT,
        pay_by=LATER,
        origin="5f2b8c1d9e0a7b3c4d6e8f9a0b1c2d3e",
    ),
    billing.PaymentRequested(
        order=ORDER,
        provider="nowpayments",
        payment=PAYMENT,
        address="TXyz1",
        memo="17",
        amount=Decimal("49.901234"),
        coin="USDT",
        expires_at=LATER,
    ),
    billing.PaymentConfirming(order=ORDER, payment=PAYMENT),
    billing.PaymentConfirmed(order=ORDER, payment=PAYMENT),
    billing.PaymentSending(order=ORDER, payment=PAYMENT),
    billing.PaymentPartiallyPaid(
        order=ORDER, payment=PAYMENT, paid=Decimal("20.5"), missing=Decimal("29.401234"), coin="USDT"
    ),
    billing.PaymentFinished(
        order=ORDER,
        account=ACCOUNT,
        plan=PLAN,
        renews=None,
        payment=PAYMENT,
        paid=Decimal("49.901234"),
        tolerated=Decimal("0.5"),
        coin="USDT",
        by_hand=False,
    ),
    billing.DepositReceived(order=ORDER, deposit="5745459420", paid=Decimal("29.401234"), coin="USDT"),
    billing.PaymentOverpaid(order=ORDER, paid=Decimal(50), excess=Decimal("0.098766"), coin="USDT"),
    billing.WrongCoinReceived(order=ORDER, payment=PAYMENT, paid=Decimal("0.01"), currency="eth"),
    billing.UncountedMoneyReported(
        order=ORDER,
        payment="5745459420",
        status="failed",
        on_the_way=False,
        paid=Decimal("1.5"),
        uncounted=Decimal("1.5"),
        currency="usdttrc20",
        coin="USDT",
    ),
    billing.UnmatchedPaymentReported(
        order=ORDER,
        payment="5000000003",
        parent=None,
        why="wrong_payment",
        status="finished",
        paid=Decimal("0.00046693"),
        amount=Decimal("0.00046693"),
        currency="btc",
        price=Decimal("59.90"),
        price_currency="USD",
    ),
    billing.UnknownStatusReported(order=ORDER, payment=PAYMENT, status="cancelled"),
    billing.OrderMarkedPaid(order=ORDER, reason="paid in cash"),
    billing.OrderCancelled(order=ORDER, reason="ordered twice"),
    billing.OrderReviewed(order=ORDER, note="sent the rest back"),
    billing.PaymentFailed(order=ORDER, payment=PAYMENT),
    billing.PaymentExpired(order=ORDER, payment=PAYMENT),
    billing.PaymentRefunded(
        order=ORDER, payment=PAYMENT, reason="asked for", by_hand=True, keep_sessions=True
    ),
    billing.OrderExpired(order=ORDER),
    billing.OrderFulfilled(order=ORDER, account=ACCOUNT, adbot=ADBOT),
]

_PROVISIONING: list[Event] = [
    provisioning.SessionStocked(session=SESSION, telegram_user=777_000_111, phone="+49…42", pair=PAIR),
    provisioning.SessionAssigned(session=SESSION, adbot=ADBOT, pair=PAIR),
    provisioning.SessionReleased(session=SESSION, adbot=ADBOT),
    provisioning.SessionLost(
        session=SESSION,
        adbot=ADBOT,
        loss=SessionLoss.RETIRED,
        error="RETIRED_BY_HAND",
        reason="its phone number is needed elsewhere",
    ),
    provisioning.ApiPairAdded(pair=PAIR, api_id=12_345),
    provisioning.AdbotProvisioned(
        adbot=ADBOT,
        order=ORDER,
        account=ACCOUNT,
        plan=PLAN,
        seats=(SEAT,),
        valid_from=NOON,
        valid_until=LATER,
    ),
    provisioning.SeatsAwaited(adbot=ADBOT, missing=4),
    provisioning.SeatFilled(adbot=ADBOT, seat=SEAT, valid_from=NOON, valid_until=LATER),
    provisioning.SeatLost(adbot=ADBOT, session=SESSION, loss=SessionLoss.FROZEN),
    provisioning.AdbotExpired(adbot=ADBOT),
    provisioning.AdbotExtended(
        adbot=ADBOT,
        account=ACCOUNT,
        order=ORDER,
        days=30,
        reason="renewed",
        valid_from=NOON,
        valid_until=LATER,
    ),
    provisioning.AdbotSuspended(adbot=ADBOT, reason="the account is suspended: spam", with_account=True),
    provisioning.AdbotRestored(adbot=ADBOT),
    provisioning.SeatsReleased(adbot=ADBOT),
]

_SCHEDULER: list[Event] = [
    scheduler.AdvertisementSet(
        adbot=ADBOT,
        post=TextPost(text="A flat in Berlin"),
        groups=GROUPS,
        more_posts=(POST,),
        order=scheduler.PostOrder.RANDOM,
    ),
    scheduler.GroupOptionSet(adbot=ADBOT, option=scheduler.GroupOption(group=GROUPS[0], paused=True)),
    scheduler.PacingSet(
        adbot=ADBOT,
        delay_seconds=15.5,
        jitter_seconds=None,
        cadence=Cadence(
            time_zone="Europe/Berlin",
            quiet_hours=QuietHours(begin="22:00", end="07:30"),
            timetable=(TimetableEntry(days=(Weekday.MONDAY, Weekday.FRIDAY), times=("09:00", "18:30")),),
            starts_at=NOON,
            ends_at=LATER,
        ),
        next_due=LATER,
    ),
    scheduler.AdbotStarted(adbot=ADBOT, started_at=NOON, anchor=LATER, interval_seconds=900),
    scheduler.AdbotStopped(adbot=ADBOT, reason=scheduler.StopReason.SOURCE_BROKEN, detail="the post is gone"),
    scheduler.CycleDue(
        cycle=CYCLE,
        adbot=ADBOT,
        account=ACCOUNT,
        number=3,
        due_at=NOON,
        next_due=LATER,
        post=POST,
        groups=GROUPS,
        seats=(SEAT,),
        pacing=PACING,
    ),
    scheduler.CycleSkipped(adbot=ADBOT, due_at=NOON, next_due=LATER, reason=scheduler.SkipReason.OVERRUN),
    scheduler.GroupListSet(
        list=GROUP_LIST,
        account=ACCOUNT,
        name="Flats",
        groups=GROUPS,
        group_options=(scheduler.GroupOption(group=GROUPS[0], paused=True, every_seconds=7200),),
    ),
    scheduler.ListGroupOptionSet(
        list=GROUP_LIST, account=ACCOUNT, option=scheduler.GroupOption(group=GROUPS[1], every_seconds=86_400)
    ),
    scheduler.GroupListDeleted(list=GROUP_LIST, account=ACCOUNT),
    scheduler.GroupConfirmed(adbot=ADBOT, group=GROUPS[1]),
    scheduler.PostCheckRequested(
        check=CHECK,
        adbot=ADBOT,
        account=ACCOUNT,
        posts=(POST,),
        seats=(SEAT,),
        requested_at=NOON,
        expires_at=LATER,
    ),
    scheduler.PrivateIdsAllowed(account=ACCOUNT, reason="the groups are the client's own"),
    scheduler.PrivateIdsForbidden(account=ACCOUNT, reason="no longer needed"),
    scheduler.AllPaused(reason="Telegram is down"),
    scheduler.AllResumed(reason="it is back"),
    scheduler.TargetBlocked(target="@berlin_flats", reason="its owner asked to be left alone"),
    scheduler.TargetUnblocked(target="-1001234567890", reason="its owner changed their mind"),
    scheduler.SourceBlocked(source="@flats", reason="stolen pictures"),
    scheduler.SourceUnblocked(source="@flats", reason="resolved"),
]

_FORWARDER: list[Event] = [
    forwarder.SessionImported(session=SESSION, telegram_user=777_000_111, phone="+49…42", pair=None),
    forwarder.SeatRested(
        session=SESSION, until=LATER, result=ResultClass.RATE_LIMITED, error="FLOOD_WAIT_17"
    ),
    forwarder.SessionUnreachable(session=SESSION, error="CONNECTION_LOST", since=NOON),
    forwarder.SessionReachable(session=SESSION),
    forwarder.SessionDied(session=SESSION, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN"),
    forwarder.ApiPairImported(pair=PAIR, api_id=12_345),
    forwarder.CycleStarted(
        cycle=CYCLE, adbot=ADBOT, post=POST, pacing=PACING, shares=(SHARE,), started_at=NOON
    ),
    forwarder.ShareMoved(
        cycle=CYCLE,
        adbot=ADBOT,
        session=SESSION,
        result=ResultClass.SESSION_LOST,
        error="AUTH_KEY_UNREGISTERED",
        shares=(SHARE,),
        party=Party.ACCOUNT,
    ),
    forwarder.DeliveriesRecorded(
        cycle=CYCLE,
        adbot=ADBOT,
        deliveries=(
            forwarder.Delivery(
                group=GROUPS[0], session=SESSION, result=ResultClass.SENT, messages=(501, 502), at=NOON
            ),
            forwarder.Delivery(
                group=GROUPS[1],
                session=None,
                result=ResultClass.TARGET_DENIED,
                error="CHAT_WRITE_FORBIDDEN",
                at=NOON,
                party=Party.SEAT_AT_TARGET,
            ),
        ),
    ),
    forwarder.CycleFinished(cycle=CYCLE, adbot=ADBOT, counts=COUNTS, started_at=NOON),
    forwarder.CycleAborted(
        cycle=CYCLE, adbot=ADBOT, reason=forwarder.AbortReason.STOPPED, counts=COUNTS, started_at=NOON
    ),
    forwarder.SourceBroken(cycle=CYCLE, adbot=ADBOT, error="MESSAGE_ID_INVALID"),
    forwarder.AccessDenied(
        adbot=ADBOT,
        party=Party.SEAT_AT_TARGET,
        session=SESSION,
        ref=GROUPS[1],
        result=ResultClass.TARGET_DENIED,
        error="CHAT_WRITE_FORBIDDEN",
        until=LATER,
        times=2,
        at=NOON,
    ),
    forwarder.PostChecked(
        check=CHECK,
        adbot=ADBOT,
        session=SESSION,
        findings=(
            forwarder.PostFinding(post=POST, readable=True, forwardable=False),
            forwarder.PostFinding(
                post=ChannelPost(channel="-1001234567890", message=5),
                readable=False,
                forwardable=False,
                error="CHANNEL_PRIVATE",
            ),
        ),
    ),
    forwarder.AccessRegained(
        adbot=ADBOT,
        session=SESSION,
        ref=GROUPS[1],
        error=None,
        why=forwarder.RegainReason.DELIVERED,
    ),
    forwarder.MethodRested(session=SESSION, method=Method.RESOLVE, until=LATER, error="FLOOD_WAIT_17"),
    forwarder.JoinRequested(adbot=ADBOT, session=SESSION, group=GROUPS[2], at=NOON),
    forwarder.GroupJoined(
        adbot=ADBOT, session=SESSION, group=GROUPS[2], chat=1_234_567_890, approved=True, at=LATER
    ),
    forwarder.MembershipsForgotten(adbot=ADBOT, session=SESSION),
    forwarder.GroupMoved(adbot=ADBOT, group=GROUPS[0], chat="-1001234567890", name="@berlin_rooms", at=NOON),
]

_GATEWAY: list[Event] = [
    gateway.AccountRegistered(
        account=ACCOUNT,
        role=gateway.Role.CLIENT,
        licence="LIC-2026-ABCD-EFGH",
    ),
    gateway.AccessCodeReset(account=ACCOUNT, code_digest="fedcba9876543210" * 4),
    gateway.AccountSuspended(account=ACCOUNT, reason="spam"),
    gateway.AccountRestored(account=ACCOUNT),
    gateway.AccountErased(account=ACCOUNT),
    gateway.SignedOutEverywhere(account=ACCOUNT),
    gateway.RoleChanged(account=ACCOUNT, role=gateway.Role.ADMIN),
    gateway.SecondFactorEnabled(account=ACCOUNT),
    gateway.SecondFactorRemoved(account=ACCOUNT),
    gateway.ApiKeyIssued(
        account=ACCOUNT,
        key=API_KEY,
        name="reports",
        scopes=(gateway.Scope.READ, gateway.Scope.CONTROL),
        digest="0123456789abcdef" * 4,
        expires_at=LATER,
    ),
    gateway.ApiKeyRevoked(account=ACCOUNT, key=API_KEY),
    gateway.DeviceSignedIn(device=DEVICE, account=ACCOUNT, epoch=3),
    gateway.DeviceSignedOut(device=DEVICE, account=ACCOUNT, why=gateway.SignOutReason.REUSED),
    gateway.NotificationRaised(
        notification=NOTIFICATION,
        account=ACCOUNT,
        kind=gateway.NotificationKind.PARTIAL_PAYMENT,
        order=ORDER,
        mail=True,
        paid=Decimal("20.5"),
        missing=Decimal("29.401234"),
        coin="USDT",
        detail="use more seats, fewer groups, or a longer interval",
        adbot=ADBOT,
        session=SESSION,
        reason="BANNED",
        valid_until=NOON,
        days=3,
        groups=("@group",),
        more_groups=2,
        as_of=NOON,
        hook=HOOK,
    ),
    gateway.NotificationsRead(account=ACCOUNT, notifications=(NOTIFICATION,)),
    gateway.NoticeRaised(
        notice=NOTICE,
        kind=gateway.NoticeKind.LOW_STOCK,
        subject="scheduler.reactions",
        detail="3 unused sessions are left",
        count=2,
        mail=True,
        quiet_until=NOON,
    ),
    gateway.NoticeCleared(notice=NOTICE),
    gateway.NoticeAcknowledged(notice=NOTICE),
    gateway.NoticeMailed(notice=NOTICE, mail=NOTICE),
    gateway.MailSent(notification=NOTIFICATION, account=ACCOUNT),
    gateway.MailGivenUp(notification=NOTIFICATION, account=ACCOUNT, reason="550 no such mailbox"),
    gateway.HookAdded(
        hook=HOOK,
        account=ACCOUNT,
        url="https://example.org/adrelay",
        events=("adbot.stopped", "order.fulfilled"),
        description="our monitoring",
    ),
    gateway.HookChanged(
        hook=HOOK,
        account=ACCOUNT,
        url="https://example.org:8443/adrelay",
        events=("notification.raised",),
        description="",
    ),
    gateway.HookSwitchedOff(
        hook=HOOK,
        account=ACCOUNT,
        why=gateway.HookOffReason.BY_OPERATOR,
        detail="it sends to a stranger",
    ),
    gateway.HookSwitchedOn(hook=HOOK, account=ACCOUNT),
    gateway.HookSecretRotated(hook=HOOK, account=ACCOUNT),
    gateway.HookDeleted(hook=HOOK, account=ACCOUNT),
]

EXAMPLES: dict[str, Event] = {
    type(example).__name__: example
    for example in (*_BILLING, *_PROVISIONING, *_SCHEDULER, *_FORWARDER, *_GATEWAY)
}
