"""`adrelay orders`, along the ways that an order can go."""

import json
from asyncio import gather
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import ADMIN_TOKEN, Shop
from tests.support.waiting import until

REASON = "client wrote on 1 May [urgent]"


async def act(shop: Shop, name: str, number: str) -> Any:  # noqa: ANN401 - JSON
    ran = await adrelay(shop.url, "orders", name, number, "--reason", REASON, "--json")
    assert (ran.code, ran.err) == (0, "")
    return ran.document


async def attention(shop: Shop, number: str) -> dict[str, dict[str, Any]]:
    ran = await adrelay(shop.url, "orders", "attention", "--json")
    assert ran.err == ""
    found = {one["kind"]: one for one in ran.document if one["order_number"] == number}
    assert ran.code == (1 if ran.document else 0)
    return found


async def paid(shop: Shop) -> dict[str, Any]:
    """Return an order that was paid and delivered."""
    placed = await shop.check_out()
    await shop.payments.pay(await shop.payment(placed["order_number"]))
    return await shop.becomes(placed["order_number"], lambda order: order["order_status"] == "FULFILLED")


async def test_a_paid_order_is_shown_with_all_that_happened(shop: Shop) -> None:
    order = await paid(shop)
    ran = await adrelay(shop.url, "orders", "show", order["order_number"].lower())
    assert (ran.code, ran.err) == (0, "")
    for part in (order["order_number"], "FULFILLED", "FINISHED", order["email"], order["adbot"], "30 USD"):
        assert part in ran.out
    events = [line.split()[2] for line in ran.out.splitlines() if line.startswith("20")]
    assert [event for event in events if not event.startswith("PaymentConf")] == [
        "OrderPlaced",
        "PaymentRequested",
        "PaymentSending",
        "PaymentFinished",
        "OrderFulfilled",
    ]
    ran = await adrelay(shop.url, "orders", "show", order["order_number"], "--json")
    assert ran.document == order


async def test_orders_are_found(shop: Shop) -> None:
    order = await paid(shop)
    number = order["order_number"]
    searches = (
        ["--json", "--email", order["email"].upper()],
        ["--json", "--payment", order["payment"]],
        ["--json", "--email", order["email"], "--status", "fulfilled", "--payment-status", "FINISHED"],
        ["--email", order["email"]],
        ["--json", "--email", "nobody@nowhere"],
        ["--json", "--limit", "1"],
    )
    *found, shown, none, one = await gather(*(adrelay(shop.url, "orders", "list", *s) for s in searches))
    for ran in found:
        assert (ran.code, [line["order_number"] for line in ran.document]) == (0, [number])
    assert (shown.code, number in shown.out) == (0, True)
    assert (none.code, none.document) == (1, [])
    assert (one.code, len(one.document), "see --limit" in one.err) == (0, 1, True)


async def test_an_order_marked_paid_is_delivered(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    order = await act(shop, "mark-paid", number)
    assert (order["by_hand"], order["status"]) == (True, "FINISHED")
    assert [line["note"] for line in order["history"] if line["event"] == "OrderMarkedPaid"] == [REASON]
    order = await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED")
    adbot = (await shop.admin.get(f"adbots/{order['adbot']}")).json()
    assert (adbot["order_number"], adbot["status"]) == (number, "STOPPED")


@pytest.mark.parametrize(("flags", "kept"), [([], 0), (["--keep-sessions"], 1)])
async def test_a_refund_suspends_the_adbot_and_takes_its_sessions_unless_they_are_kept(
    shop: Shop, flags: list[str], kept: int
) -> None:
    order = await paid(shop)
    ran = await adrelay(
        shop.url, "orders", "refund", order["order_number"], "--reason", REASON, "--json", *flags
    )
    assert (ran.code, ran.err) == (0, "")
    refunded = ran.document
    assert (refunded["order_status"], refunded["history"][-1]["actor"]) == ("REFUNDED", "admin")

    async def suspended() -> bool:
        adbot = (await shop.admin.get(f"adbots/{order['adbot']}")).json()
        said = adbot["status"] == "SUSPENDED" and REASON in adbot["suspend_reason"]
        return bool(said and adbot["seats"]["filled"] == kept)

    await until(suspended)


async def test_a_cancelled_order_still_delivers_if_the_money_comes(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    assert (await act(shop, "cancel", number))["order_status"] == "CANCELLED"
    await shop.payments.pay(await shop.payment(number))
    await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED")
    ran = await adrelay(shop.url, "orders", "cancel", number, "--reason", REASON)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("✗ order_paid")


async def test_an_overpaid_order_needs_a_person_until_it_is_reviewed(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    asked = (await shop.payments.payment_of(number)).pay_amount
    await shop.payments.overpay(await shop.payment(number))
    await shop.becomes(number, lambda order: order["excess"] is not None)
    line = (await attention(shop, number))["overpaid"]
    assert Decimal(line["amount"]) == asked / 2
    ran = await adrelay(shop.url, "orders", "attention")
    assert (ran.code, number in ran.out, "overpaid" in ran.out) == (1, True, True)
    await act(shop, "review", number)
    assert await attention(shop, number) == {}


async def test_a_wrong_coin_needs_a_person_and_delivers_nothing(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    await shop.payments.pay_in(await shop.payment(number), "ltc")
    found = await until(lambda: attention(shop, number))
    assert found["wrong_coin"]["currency"] == "ltc"
    assert (await shop.order(number))["adbot"] is None
    await act(shop, "refund", number)
    assert await attention(shop, number) == {}


async def test_a_part_and_the_rest_deliver_and_the_deposit_is_found(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    payment = await shop.payment(number)
    await shop.payments.pay_part(payment)
    order = await shop.becomes(number, lambda order: order["status"] == "PARTIALLY_PAID")
    assert Decimal(order["missing"]) + Decimal(order["paid"]) == Decimal(order["amount"])
    state = (await shop.http.get(f"payments/{number}")).json()
    assert state["payment_uri"].endswith(f"amount={order['missing']}")
    rest = await shop.payments.pay_again(payment, amount=Decimal(order["missing"]))
    await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED")
    ran = await adrelay(shop.url, "orders", "list", "--payment", rest.payment_id, "--json")
    assert [one["order_number"] for one in ran.document] == [number]


async def test_a_payment_that_nobody_understands_needs_a_person(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    await shop.payments.set_status(await shop.payment(number), "levitating")
    found = await until(lambda: attention(shop, number))
    assert found["unknown_status"]["detail"] == "levitating"
    ran = await adrelay(shop.url, "orders", "show", number)
    assert "! needs a person: unknown_status levitating" in ran.out


async def test_what_does_not_exist_is_one_line(shop: Shop) -> None:
    for arguments in (
        ["show", "HQADZ-AAAAAAAA-BBBBBBBB"],
        ["refund", "HQADZ-AAAAAAAA-BBBBBBBB", "--reason", "x"],
    ):
        ran = await adrelay(shop.url, "orders", *arguments)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("✗ unknown_order")
    ran = await adrelay(shop.url, "orders", "show", "nonsense")
    assert (ran.code, ran.err.startswith("✗ invalid_request")) == (1, True)
    ran = await adrelay(shop.url, "orders", "show", "..")
    assert (ran.code, ran.err) == (2, "✗ '..' names nothing\n")


async def test_what_others_wrote_does_not_steer_the_terminal(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    await shop.payments.set_status(await shop.payment(number), "[red]odd[/red]\x1b[31m")
    await until(lambda: attention(shop, number))
    for arguments in (["show", number], ["attention"]):
        ran = await adrelay(shop.url, "orders", *arguments)
        assert "[red]odd[/red]" in ran.out
        assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        (None, None, "✗ ADRELAY_GATEWAY_ADMIN_TOKEN is not set"),
        (None, "line\nbreak", "✗ ADRELAY_GATEWAY_ADMIN_TOKEN is not set"),
        ("http://127.0.0.1:1", ADMIN_TOKEN, "✗ the gateway at http://127.0.0.1:1 can't be reached"),
        ("ftp://127.0.0.1", ADMIN_TOKEN, "✗ ADRELAY_GATEWAY_URL is no URL"),
        ("http://[::1", ADMIN_TOKEN, "✗ ADRELAY_GATEWAY_URL is no URL"),
        ("nonsense", ADMIN_TOKEN, "✗ ADRELAY_GATEWAY_URL is no URL"),
    ],
    ids=["no token", "token of two lines", "nobody there", "other scheme", "broken address", "no address"],
)
async def test_what_can_not_run_is_one_line_and_exits_with_2(
    url: str | None, token: str | None, said: str
) -> None:
    ran = await adrelay(url, "orders", "attention", "--json", token=token)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert ran.err.startswith(said)
    assert ADMIN_TOKEN not in ran.err


async def test_a_wrong_token_and_a_foreign_server_are_told_apart(shop: Shop) -> None:
    ran = await adrelay(shop.url, "orders", "list", token="x" * 40)
    assert (ran.code, ran.err) == (
        2,
        f"✗ the gateway at {shop.url} does not take this ADRELAY_GATEWAY_ADMIN_TOKEN\n",
    )
    password = shop.payments_url.replace("http://", "http://user:hidden@")
    ran = await adrelay(password, "orders", "list")
    assert ran.code == 2
    assert "is no gateway of Adrelay" in ran.err
    assert "hidden" not in ran.err


async def test_settings_may_stand_in_a_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        f"ADRELAY_GATEWAY_URL={shop.url}\nADRELAY_GATEWAY_ADMIN_TOKEN={ADMIN_TOKEN}\n"
    )
    ran = await adrelay(None, "orders", "list", "--json", token=None, folder=tmp_path)
    assert ran.code in {0, 1}
    assert isinstance(json.loads(ran.out), list)
