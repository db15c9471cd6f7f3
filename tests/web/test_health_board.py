"""An operator sees to what is wrong: a dead letter, a table, a service that does not answer."""

import os
import re
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from playwright.async_api import Page, expect

from adrelay.demo import steps
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.people import new_operator, sign_in_operator

pytestmark = pytest.mark.timeout(240)
_BREAK = "alter table orders.orders add constraint no_litecoin check (pay_currency <> 'LTC') not valid"
_MEND = "alter table orders.orders drop constraint if exists no_litecoin"


@asynccontextmanager
async def _database(system: LocalSystem, name: str) -> "AsyncGenerator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(system.databases[name])
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_dead_letter_is_found_on_the_board_retried_and_gone(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample = await create_sample(local_system.telegram, tag="_board", spare=True)
    await steps.stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    page = await _operators_page(local_system, open_page, "board@example.com", "/operator/health")
    await expect(page.get_by_role("table", name="Services").get_by_text("Well")).to_have_count(5)
    assert await violations(page) == []

    async with _database(local_system, "gateway") as database:
        await database.execute(_BREAK)
        try:
            order = await steps.check_out(local_system, email="dead@example.com", coin="LTC")
            await page.get_by_role("link", name=re.compile("dead letters? of gateway")).click()
            await expect(page.get_by_text("OrderPlaced")).to_be_visible()
            row = page.get_by_role("row", name=re.compile("OrderPlaced"))
            await expect(row).to_contain_text("read-models of gateway")
            await row.get_by_role("button", name=f"Open order-{order.order} for read-models").click()
            drawer = page.get_by_role("dialog", name=f"order-{order.order}")
            await expect(drawer).to_contain_text("no_litecoin")
            await expect(drawer).to_contain_text('"coin": "LTC"')
            assert await violations(page) == []
        finally:
            await database.execute(_MEND)

    await drawer.get_by_role("button", name="Retry", exact=True).click()
    await page.get_by_label("Reason").fill("the constraint is gone")
    await page.get_by_role("dialog", name="Retry").get_by_role("button", name="Retry").click()
    await expect(page.get_by_text("No dead letters", exact=True)).to_be_visible()
    assert await violations(page) == []


async def test_a_table_is_rebuilt_and_a_service_that_does_not_answer_is_seen(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await _operators_page(
        local_system, open_page, "tables@example.com", "/operator/tables?service=gateway"
    )
    await page.get_by_role("button", name="Rebuild products of gateway").click()
    dialog = page.get_by_role("dialog", name="Rebuild products of gateway")
    await expect(dialog).to_contain_text(
        re.compile(r"products, version \d+, is folded anew from [\d,]+ events")
    )
    assert await violations(page) == []
    await dialog.get_by_label("Reason").fill("a row was wrong")
    await dialog.get_by_role("button", name="Rebuild products of gateway").click()
    rebuilds = page.get_by_role("list", name="Rebuilds")
    await expect(rebuilds.get_by_role("listitem").first).to_contain_text("products of gateway")
    await expect(rebuilds.get_by_role("listitem").first).to_contain_text("Done")
    await expect(page.get_by_role("row", name=re.compile("^products"))).to_contain_text("archived")
    assert await violations(page) == []

    await page.get_by_role("link", name="Health").click()
    row = page.get_by_role("table", name="Services").get_by_role("row", name=re.compile("^provisioning"))
    await expect(row).to_contain_text("Well")
    process = local_system.pid("provisioning")
    os.kill(process, signal.SIGSTOP)
    try:
        await expect(row).to_contain_text("No answer")
        await expect(page.get_by_text("provisioning does not answer. It is restarted")).to_be_visible()
        assert await violations(page) == []
    finally:
        os.kill(process, signal.SIGKILL)
    await expect(row).to_contain_text("Well")


async def _operators_page(system: LocalSystem, open_page: OpenPage, email: str, address: str) -> Page:
    page = await open_page(base_url=system.url.removesuffix("/api/v1"))
    await sign_in_operator(page, await new_operator(system, email), address)
    return page
