"""Rows that fill the gateway's tables, without events: numbered, the later the higher."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg

from libs.events.scheduler import GroupOption, PostOrder, SkipReason, StopReason
from libs.events.values import ChannelPost, Party, ResultClass, SendOptions
from libs.eventsourcing import Sql
from services.gateway.registry import REGISTRY
from services.gateway.tables.attention_kinds import AttentionKind
from services.gateway.tables.group_options import options_json
from services.gateway.tables.pacing import AdbotPacing

Insert = Callable[["Filling", int], Awaitable[None]]

SCHEMAS = [table.name for table in (*REGISTRY.state_tables, *REGISTRY.read_models)]
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER, ADBOT, HOOK = uuid4(), uuid4(), uuid4()
GROUP_LIST, CHAT = UUID(int=7), "@blocked"


class Filling:
    """Adds rows to the tables, in the connection's transaction."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection
        self.sql = Sql(connection)

    async def insert(self, table: str, **values: object) -> None:
        """Insert a row."""
        places = ", ".join(
            f"${place}::text::jsonb" if isinstance(value, Json) else f"${place}"
            for place, value in enumerate(values.values(), 1)
        )
        given = [value.text if isinstance(value, Json) else value for value in values.values()]
        text = f"insert into {table} ({', '.join(values)}) values ({places})"  # noqa: S608 - names of this file
        await self.connection.execute(text, *given)


@dataclass(frozen=True)
class Json:
    """A value of a JSON column."""

    text: str


def moment(number: int) -> datetime:
    """Return an instant; every third one has no microseconds."""
    return BEGIN + timedelta(minutes=number, microseconds=0 if number % 3 == 0 else number)


async def _add_order(filling: Filling, number: int) -> str:
    """Add an order of the owner; every other one was paid, and received money that is not counted."""
    paid, order = number % 2 == 1, f"HQADZ-{uuid4().hex[:8].upper()}-LIST"
    await filling.insert(
        "orders",
        order_number=order,
        account=OWNER,
        plan="bronze",
        plan_name='"Bronze" é\u2028',
        price_usd=Decimal("30.00"),
        pay_currency="BTC",
        renews=uuid4() if paid else None,
        status="FULFILLED" if paid else "PENDING",
        payment_status="FINISHED" if paid else "REQUESTED",
        placed_at=moment(number),
        pay_by=moment(number + 1),
        payment="5001" if paid else None,
        pay_address="address" if paid else None,
        amount=Decimal("0.00045600") if paid else None,
        paid=Decimal("0.0004560") if paid else None,
        uncounted=Json('{"5002": 0.00000010}' if paid else "{}"),
        excess=Decimal(0) if paid else None,
        finished_at=moment(number) if paid else None,
        fulfilled_at=moment(number) if paid else None,
        adbot=uuid4() if paid else None,
        updated_at=moment(number),
    )
    return order


async def add_order(filling: Filling, number: int) -> None:
    await _add_order(filling, number)


async def _add_adbot(filling: Filling, number: int, adbot: UUID) -> None:
    """Add an adbot of the owner; every other one has an advertisement, every third one no end yet."""
    await filling.insert(
        "adbots",
        adbot=adbot,
        account=OWNER,
        order_number="HQADZ-AAAAAA-BBBB",
        plan="bronze",
        plan_name="Bronze",
        plan_kind="starter",
        sessions=2,
        interval_seconds=600,
        max_groups=None if number % 2 else 100,
        seats_filled=1,
        valid_from=moment(number),
        valid_until=None if number % 3 == 0 else moment(number),
        suspended=number % 5 == 4,
        suspend_reason="spam" if number % 5 == 4 else None,
        provisioned_at=moment(number),
    )
    if number % 2:
        await _advertise(filling, number, adbot)


async def _advertise(filling: Filling, number: int, adbot: UUID) -> None:
    groups = [f"@group_{place}" for place in range(200)] + [CHAT, f"{CHAT}/7"]
    post = ChannelPost(channel="@channel", message=42).model_dump_json()
    options = (GroupOption(group=CHAT, paused=True), GroupOption(group="@another", every_seconds=5))
    pacing = AdbotPacing(delay_seconds=9.5, ends_at=moment(number + 3))
    await filling.insert(
        "adbot_schedules",
        adbot=adbot,
        post=Json(post),
        more_posts=Json(f"[{post}]"),
        post_order=PostOrder.IN_TURN,
        targets=Json(json.dumps(groups)),
        chats=sorted({group.partition("/")[0] for group in groups}),
        lists=[GROUP_LIST],
        group_options=Json(options_json(options)),
        options=Json(SendOptions().model_dump_json()),
        pacing=Json(pacing.model_dump_json()) if number % 4 == 1 else None,
        settings_at=moment(number),
        running=number % 3 == 1,
        next_due=moment(number + 1),
        next_start=moment(number + 9),
        stop_reason=None if number % 3 == 1 else StopReason.REQUESTED,
        last_cycle=number,
        last_cycle_at=moment(number),
        skipped_at=moment(number),
        skip_reason=SkipReason.OVERRUN,
    )


async def add_adbot(filling: Filling, number: int) -> None:
    await _add_adbot(filling, number, uuid4())


async def add_delivery(filling: Filling, number: int) -> None:
    line = {
        "at": moment(number).isoformat(),
        "session": str(uuid4()) if number % 2 else None,
        "group": '@gr"oup',
        "result": ResultClass.TARGET_DENIED,
        "error": "CHAT_WRITE_FORBIDDEN",
        "party": [None, *Party][number % 6],
        "messages": [number],
    }
    position = await filling.connection.fetchval("select count(*) from deliveries")
    await filling.connection.execute(
        "select add_deliveries($1, $2, 1, $3, $4::text::jsonb)", ADBOT, uuid4(), position, json.dumps([line])
    )


async def add_own_delivery(filling: Filling, number: int) -> None:
    """Add a delivery, and the owner's adbot if it is missing."""
    if not await filling.sql.fetchval("select exists (select from adbots where adbot = $1)", ADBOT):
        await _add_adbot(filling, 0, ADBOT)
    await add_delivery(filling, number)


async def add_group(filling: Filling, number: int) -> None:
    await filling.insert(
        "group_figures",
        adbot=ADBOT,
        grp=f"@g{uuid4().hex[:6]}",
        counts=Json('{"SENT": 3}'),
        last_at=moment(number),
        last_result="SENT",
        last_error="",
    )


async def add_session(filling: Filling, number: int) -> None:
    await filling.insert(
        "stock",
        session=uuid4(),
        phone="+49…42",
        telegram_user=number,
        state="UNUSED",
        imported_at=moment(number),
        unreachable_since=moment(number) if number % 2 else None,
    )


async def add_group_list(filling: Filling, number: int) -> None:
    await filling.insert(
        "group_lists",
        list=uuid4(),
        account=OWNER,
        name=f"list {number}",
        groups=["@group"],
        chats=["@group"],
        options=Json("{}"),
        made_at=moment(number),
        changed_at=moment(number),
    )


async def add_plan(filling: Filling, number: int) -> None:
    await filling.insert(
        "products",
        code=f"p{uuid4().hex[:12]}",
        name="Plan",
        kind="enterprise" if number % 2 else "starter",
        sessions=1,
        interval_seconds=60,
        price_usd=Decimal(number),
        validity_days=30,
        on_sale=True,
    )


async def add_permission(filling: Filling, number: int) -> None:
    account = uuid4()
    email = f"{account.hex}@example.com"
    at = moment(number)
    await filling.insert(
        "accounts",
        account=account,
        role="CLIENT",
        licence="LIC",
        registered_at=at,
        epoch_at=at,
    )
    await filling.insert("personal.addresses", account=account, email=email, mailbox=email, named_at=at)
    await filling.insert("private_ids", account=account, since=at, reason="asked for")


async def add_notification(filling: Filling, number: int) -> None:
    await filling.insert(
        "notifications",
        notification=uuid4(),
        account=OWNER,
        kind="order_placed",
        order_number=f"HQADZ-{uuid4().hex[:8].upper()}-LIST",
        mail="none",
        detail="",
        raised_at=moment(number),
        reason="",
        groups=[],
        more_groups=0,
    )


async def add_notice(filling: Filling, number: int) -> None:
    at = moment(number)
    await filling.insert(
        "notices",
        notice=uuid4(),
        kind="low_stock",
        subject=str(number),
        detail="",
        count=1,
        raised_at=at,
        mail=False,
        correlation_id=uuid4(),
        raised_by=uuid4(),
        try_at=at,
    )


async def add_act(filling: Filling, number: int) -> None:
    await filling.insert(
        "activity.acts",
        id=uuid4(),
        at=moment(number),
        actor="admin",
        address="192.0.2.7",
        operation="suspend_account",
        path="/api/v1/admin/accounts/x/suspend",
        outcome=None if number % 3 else "done",
    )


async def add_message(filling: Filling, number: int) -> None:
    at = moment(number)
    await filling.insert(
        "webhooks.deliveries",
        message=uuid4(),
        hook=HOOK,
        type="adbot.stopped",
        body="{}",
        created_at=at,
        give_up_at=at,
        try_at=at,
        claimed_until=at,
    )


async def add_attention(filling: Filling, number: int) -> None:
    at, kind = moment(number), AttentionKind.OVERPAID
    await filling.insert(
        "attention", order_number=await _add_order(filling, number), kind=kind, since=at, due_at=at, amount=1
    )


async def add_check(filling: Filling, number: int) -> None:
    at = moment(number)
    await filling.insert(
        "post_checks",
        post_check=uuid4(),
        adbot=ADBOT,
        posts=Json("[]"),
        seats=[],
        requested_at=at,
        expires_at=at,
    )


def blocking(table: str) -> Insert:
    async def block(filling: Filling, number: int) -> None:
        await filling.insert(table, chat=f"@c{uuid4().hex[:8]}", since=moment(number), reason="asked for")

    return block
