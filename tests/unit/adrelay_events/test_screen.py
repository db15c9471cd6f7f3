"""Output on terminals of any width: ids, names and amounts are never wrapped."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from adrelay.commands import catalogue
from adrelay.commands.adbots.pictures import print_adbot
from adrelay.commands.events.dead import dead_letters as dead
from adrelay.commands.events.dead.blocked_streams import BlockedStream
from adrelay.commands.events.reading import lag, show, tail, trace
from adrelay.commands.events.reading.find import Found
from adrelay.commands.events.reading.steps import steps
from adrelay.commands.events.tables import verify
from adrelay.commands.orders import pictures as order_pictures
from adrelay.terminal.listing import print_list
from adrelay.terminal.outcome import screen
from adrelay.terminal.screen import Table
from libs.events.billing import OrderPlaced, PaymentRequested
from libs.events.scheduler import CycleDue
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    CycleId,
    Pacing,
    Plan,
    PlanKind,
    Seat,
    SessionId,
    TextPost,
)
from libs.eventsourcing import Event
from libs.eventsourcing.operations import (
    Arrival,
    DeadLetter,
    EventSummary,
    Fault,
    Finding,
    Node,
    OldestTransaction,
    ReaderLag,
    RelayLag,
    RowDifferences,
    SourceStream,
    StreamReport,
    TableReport,
    linked,
)
from libs.eventsourcing.values import Cursor, Envelope
from services.gateway.tables.pacing import AdbotPacing

NOW = datetime(2026, 11, 28, 12, 0, 0, 123456, UTC)
ORDER = "HQADZ-MWPM0SFH12345678-9J8ZHS6IAHLL"
EMAIL = "a.rather.long.name.of.a.client@mail.of-a-long-domain.example.com"
PLAN_NAME = "Bronze for everyone who has never advertised before, at last"
AMOUNT = "12345678901234567890.123456789012345678"
ADDRESS = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh9c1qxy2kgdygjrsqtzq2n0y"
ACCOUNT, ADBOT, SESSION, PAIR, CYCLE = (UUID(int=2**120 + number) for number in range(5))
PLAN = Plan(
    code="bronze-for-everyone-who-is-new-x"[:32],
    name=PLAN_NAME,
    kind=PlanKind.ENTERPRISE,
    sessions=100,
    interval_seconds=86400,
    price_usd=Decimal("99999999.99"),
    validity_days=3660,
)
ATTENTION = {
    "kind": "overpaid",
    "detail": None,
    "amount": AMOUNT,
    "currency": "USDTTRC20",
    "since": NOW.isoformat(),
}
ORDER_DOCUMENT = {
    "order_number": ORDER,
    "order_status": "FULFILLED",
    "status": "PARTIALLY_PAID",
    "payment_status": "PARTIALLY_PAID",
    "placed_at": NOW.isoformat(),
    "expires_at": NOW.isoformat(),
    "email": EMAIL,
    "account": str(ACCOUNT),
    "plan": PLAN.code,
    "plan_name": PLAN_NAME,
    "price_usd": "99999999.99",
    "renews": str(ADBOT),
    "payment": "5123456789012345678",
    "by_hand": True,
    "pay_currency": "USDTTRC20",
    "amount": AMOUNT,
    "pay_address": ADDRESS,
    "memo": "1234567890",
    "paid": AMOUNT,
    "missing": AMOUNT,
    "excess": AMOUNT,
    "adbot": str(ADBOT),
    "history": [
        {
            "at": NOW.isoformat(),
            "event": "PaymentPartiallyPaid",
            "amount": AMOUNT,
            "currency": "USDTTRC20",
            "actor": f"account:{ACCOUNT}",
            "payment": "5123456789012345678",
            "missing": AMOUNT,
            "excess": None,
            "note": "client wrote",
        }
    ],
    "attention": [ATTENTION],
}


def envelope(event: Event, stream: str, version: int = 1) -> Envelope:
    return Envelope(
        id=uuid4(),
        stream=stream,
        version=version,
        type=type(event).__name__,
        schema=event.schema_version,
        at=NOW,
        correlation_id=UUID(int=7),
        causation_id=UUID(int=8),
        actor=f"account:{ACCOUNT}",
        data=event.model_dump_json(),
        cursor=Cursor(1, version),
    )


PLACED = envelope(
    OrderPlaced(order=ORDER, account=AccountId(ACCOUNT), email=EMAIL, plan=PLAN, coin="BTC", pay_by=NOW),
    f"order-{ORDER}",
)
REQUESTED = envelope(
    PaymentRequested(
        order=ORDER,
        provider="nowpayments",
        payment="5123456789012345678",
        address=ADDRESS,
        amount=Decimal(AMOUNT),
        coin="BTC",
    ),
    f"order-{ORDER}",
    2,
)
SEATS = tuple(Seat(session=SessionId(UUID(int=2**125 + n)), pair=ApplicationId(PAIR)) for n in range(9))
DUE = envelope(
    CycleDue(
        cycle=CycleId(CYCLE),
        adbot=AdbotId(ADBOT),
        account=AccountId(ACCOUNT),
        number=1,
        due_at=NOW,
        post=TextPost(text="Something to read " * 20),
        groups=tuple(f"@a_group_with_a_long_name_{number}" for number in range(40)),
        seats=SEATS,
        pacing=Pacing(delay_seconds=1),
    ),
    f"schedule-{ADBOT}",
)


def render_orders() -> None:
    print_list([ORDER_DOCUMENT], order_pictures.ORDERS)


def render_attention() -> None:
    print_list([{**ORDER_DOCUMENT, **ATTENTION}], order_pictures.ATTENTION)


def render_order() -> None:
    order_pictures.print_order(ORDER_DOCUMENT)


def render_plans() -> None:
    print_list([{**PLAN.model_dump(mode="json"), "on_sale": True}], catalogue.PLANS)


def render_adbot() -> None:
    print_adbot(
        {
            "id": str(ADBOT),
            "status": "SUSPENDED",
            "suspend_reason": "the client asked for it",
            "stop_reason": None,
            "stop_detail": None,
            "private_ids": False,
            "paused": False,
            "advertisement": None,
            "pacing": AdbotPacing().model_dump(mode="json"),
            "blocked_groups": ["@bakers", "-1001234567890"],
            "warning": None,
            "account": str(ACCOUNT),
            "order_number": ORDER,
            "plan": PLAN.model_dump(mode="json"),
            "seats": {"filled": 99, "awaited": 1},
            "next_cycle_at": NOW.isoformat(),
            "valid_from": NOW.isoformat(),
            "valid_until": NOW.isoformat(),
        }
    )


def render_lag() -> None:
    holder = f"a forgotten shell in adrelay_billing (pid 12345, idle in transaction) {ACCOUNT}"
    relay = RelayLag("provisioning", active=True, stored=123456789, behind=123456, oldest_seconds=3e6)
    reader = ReaderLag(
        service="provisioning",
        name="notifications-of-accounts#10/16",
        active=True,
        waiting=123456789,
        oldest_seconds=3e6,
        dead_letters=12,
        checkpoints={},
    )
    lag.print_lags(
        screen(), [relay], [reader], [OldestTransaction("provisioning", 12345.6, holder, 123456789)]
    )


def render_dead_letters() -> None:
    letter = DeadLetter(
        "reactions",
        SourceStream("billing", f"order-{ORDER}"),
        PLACED,
        f"no plan {PLAN.code}",
        NOW,
        asked=True,
    )
    stream = BlockedStream("provisioning", "reactions", letter.source_stream, (letter,))
    dead.print_blocked_streams([stream])
    dead.print_dead_letter(stream, letter)


def render_tail() -> None:
    render = tail.line_printer()
    for one in (PLACED, REQUESTED, DUE):
        render(Arrival("billing", 123456789, one))


def render_shown() -> None:
    show.print_stream(screen(), "billing", steps([PLACED, REQUESTED]), 2)


def render_several() -> None:
    show.list_streams(EMAIL, {f"order-{ORDER}": "billing", f"account-{ACCOUNT}": "gateway"}, json=False)


def render_tree() -> None:
    nodes: list[Node] = []
    cause = uuid4()
    for depth in range(30):
        summary = EventSummary(
            uuid4(),
            "PaymentPartiallyPaid",
            f"schedule-{ADBOT}",
            depth + 1,
            depth,
            NOW + timedelta(seconds=depth),
            UUID(int=7),
            cause,
            f"account:{ACCOUNT}",
        )
        cause = summary.id
        nodes.append(Node("provisioning", summary))
    names = (f"payment 5123456789012345678 {EMAIL}", f"stream schedule-{ADBOT}")
    found = Found(names, {}, frozenset(), None, (UUID(int=7),))
    trace.print_trees(found, {str(UUID(int=7)): linked(nodes)}, siblings=5)


def render_verified() -> None:
    finding = Finding(
        Fault.GAP, 12, Cursor(1, 2), ADBOT, f"order-{ORDER}", f"the stream holds {ACCOUNT} there"
    )
    report = StreamReport("provisioning")
    report.findings.append(finding)
    row = {"order_number": ORDER, "email": EMAIL, "plan_name": PLAN_NAME, "amount": AMOUNT}
    compared = RowDifferences("orders", 123456789, 1, 1, [{"row": row, "is": "missing"}])
    verify.print_reports([report], [TableReport("gateway", "orders", 2, 123456789, [compared])])


RENDERERS = [
    render_orders,
    render_attention,
    render_order,
    render_plans,
    render_adbot,
    render_lag,
    render_dead_letters,
    render_tail,
    render_shown,
    render_several,
    render_tree,
    render_verified,
]
PRECIOUS = (
    ORDER,
    EMAIL,
    PLAN_NAME,
    PLAN.code,
    AMOUNT,
    "99999999.99",
    ADDRESS,
    "5123456789012345678",
    str(ACCOUNT),
    str(ADBOT),
    "notifications-of-accounts#10/16",
    "PaymentPartiallyPaid",
)


@pytest.fixture(params=[80, 120])
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Create a terminal of this width."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(request.param))
    width: int = request.param
    return width


@pytest.mark.parametrize("render", RENDERERS, ids=lambda render: render.__name__)
def test_ids_names_and_amounts_are_never_wrapped(
    render: Callable[[], None], columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    render()
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    for precious in PRECIOUS:
        pieces = "".join(lines).replace(" ", "").count(precious.replace(" ", ""))
        assert sum(line.count(precious) for line in lines) >= pieces, precious
    assert any(one in line for line in lines for one in PRECIOUS)
    for line in lines:
        assert len(line) <= columns or "  " not in line.strip("│├└ "), line


@pytest.mark.parametrize("render", RENDERERS, ids=lambda render: render.__name__)
def test_without_a_terminal_nothing_is_truncated(
    render: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    render()
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "more (--json)" not in out


def test_a_table_that_fits_has_a_line_for_each_row() -> None:
    table = Table("name", "size", right=("size",))
    table.add("short", "1")
    table.add("a longer one", "1000")
    assert [line.plain for line in table.lines(80)] == [
        "name          size",
        "short            1",
        "a longer one  1000",
    ]
    assert [line.plain for line in table.lines(12)] == [
        "name",
        "    size",
        "short",
        "       1",
        "a longer one",
        "    1000",
    ]


def test_control_characters_in_data_do_not_reach_the_terminal() -> None:
    table = Table("name")
    table.add("\x1b[31mred\n[bold]")
    assert [line.plain for line in table.lines(80)][1] == "\ufffd[31mred\ufffd[bold]"
