"""`adrelay adbots`."""

from asyncio import gather
from datetime import datetime, timedelta

from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import Shop


async def test_an_adbot_is_extended_suspended_and_restored(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    await shop.payments.pay(await shop.payment(number))
    order = await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED")
    adbot = order["adbot"]
    before = (await adrelay(shop.url, "adbots", "show", adbot, "--json")).document
    assert (before["status"], before["order_number"]) == ("STOPPED", number)

    ran = await adrelay(shop.url, "adbots", "extend", adbot, "--days", "5", "--reason", "an outage", "--json")
    ends = [datetime.fromisoformat(one["valid_until"]) for one in (before, ran.document)]
    assert ends[1] - ends[0] == timedelta(days=5)

    ran = await adrelay(shop.url, "adbots", "suspend", adbot, "--reason", "abuse [spam]")
    assert (ran.code, ran.err) == (0, "")
    assert "SUSPENDED" in ran.out
    assert "abuse [spam]" in ran.out
    ran = await adrelay(shop.url, "adbots", "restore", adbot, "--json")
    assert (ran.code, ran.document["status"], ran.document["seats"]["filled"]) == (0, "STOPPED", 1)
    for_good = ("--release-sessions", "--reason", "abuse", "--json")
    ran = await adrelay(shop.url, "adbots", "suspend", adbot, *for_good)
    assert (ran.code, ran.document["status"], ran.document["seats"]["filled"]) == (0, "SUSPENDED", 0)


async def test_a_seat_is_replaced_and_a_session_retired(shop: Shop) -> None:
    number = (await shop.check_out())["order_number"]
    await shop.payments.pay(await shop.payment(number))
    adbot = (await shop.becomes(number, lambda order: order["order_status"] == "FULFILLED"))["adbot"]
    [seat] = (await adrelay(shop.url, "stock", "list", "--adbot", adbot, "--json")).document

    why = ("--reason", "its number is needed", "--json")
    ran = await adrelay(shop.url, "adbots", "replace-seat", adbot, seat["session"], *why)
    assert (ran.code, ran.document["seats"]["filled"]) == (0, 1)
    [other] = (await adrelay(shop.url, "stock", "list", "--adbot", adbot, "--json")).document
    assert other["session"] != seat["session"]
    again = await adrelay(shop.url, "adbots", "replace-seat", adbot, seat["session"], *why)
    assert (again.code, again.err.split(":")[0]) == (1, "✗ session_not_seated")

    ran = await adrelay(shop.url, "stock", "retire", other["session"], *why)
    assert (ran.code, ran.document["state"], ran.document["adbot"]) == (0, "RETIRED", None)
    [third] = (await adrelay(shop.url, "stock", "list", "--adbot", adbot, "--json")).document
    assert third["session"] not in {seat["session"], other["session"]}
    log = (await adrelay(shop.url, "activity", "list", "--json")).document
    done = {one["operation"]: one["detail"] for one in log}
    assert done["retire_session"] == f"session {other['session']}: its number is needed"
    assert "replace_seat" in done


async def test_a_refusal_is_one_line(shop: Shop) -> None:
    nobody = "00000000-0000-7000-8000-000000000000"
    unknown, odd, days = await gather(
        adrelay(shop.url, "adbots", "restore", nobody),
        adrelay(shop.url, "adbots", "show", "x"),
        adrelay(shop.url, "adbots", "extend", nobody, "--days", "0", "--reason", "x"),
    )
    assert (unknown.code, unknown.err) == (1, "✗ unknown_adbot: there is no such adbot\n")
    assert (odd.code, odd.err.startswith("✗ invalid_request: adbot_id")) == (1, True)
    assert (days.code, days.err.startswith("✗ invalid_request: days")) == (1, True)
