"""Pages of every list: each item once and in order, whatever is added meanwhile; indexes; shapes; cursors."""

import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from itertools import cycle, islice
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.eventsourcing.store.connections import connect
from services.gateway.activity.log import TABLES as ACTIVITY
from services.gateway.api.requests.cursors import continued, cursor_at
from services.gateway.api.requests.problems import Denied
from services.gateway.hooks.schema import TABLES as WEBHOOKS
from services.gateway.personal.addresses import TABLES as ADDRESSES
from services.gateway.tables.paging import PagedList, PageItems, PageRequest, items_of, page_of
from tests.integration.gateway.lists import CASES, Case
from tests.integration.gateway.rows import ADBOT, CHAT, OWNER, SCHEMAS, Filling, moment
from tests.support.databases import fresh_database

NUMBERS = st.integers(min_value=0, max_value=3)
EACH_LIST = pytest.mark.parametrize("case", CASES, ids=lambda case: case.listed.name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(postgres_server: EmbeddedPostgres) -> AsyncIterator[Filling]:
    """Yield the gateway's tables, empty."""
    async with fresh_database(postgres_server, "gateway") as url:
        connection = await connect(url, schemas=SCHEMAS)
        await connection.execute(ACTIVITY)
        await connection.execute(ADDRESSES)
        await connection.execute(WEBHOOKS)
        yield Filling(connection)
        await connection.close()


@asynccontextmanager
async def rolled_back(filling: Filling) -> AsyncGenerator[Filling]:
    """Undo at the end what is inserted inside."""
    transaction = filling.connection.transaction()
    await transaction.start()
    try:
        yield filling
    finally:
        await transaction.rollback()


async def keys_in(filling: Filling, listed: PagedList, wanted: PageRequest) -> tuple[list[Any], str | None]:
    """Return the keys of a page's rows, and the cursor of the next page."""
    found = await page_of(filling.sql, listed, wanted)
    if listed.fields:
        rendered = await items_of(filling.sql, listed, wanted)
        items = ",".join(map(listed.item, found.rows))
        assert rendered == PageItems(items, found.last, rendered.page_fields)
        assert bool(listed.page_fields) is (rendered.page_fields != "{}")
    places = range(len(listed.keys(wanted.sort)))
    keys = [tuple(row[f"key_{place}"] for place in places) for row in found.rows]
    return keys, None if found.last is None else cursor_at(listed, wanted, found.last)


def test_every_list_of_the_gateway_is_tested_here() -> None:
    import_module("services.gateway.api.app")  # which imports all of them
    modules = [module for name, module in sys.modules.items() if name.startswith("services.gateway.")]
    found = {one.name for module in modules for one in vars(module).values() if isinstance(one, PagedList)}
    assert found == {case.listed.name for case in CASES}


@EACH_LIST
@settings(max_examples=25)
@given(data=st.data())
async def test_each_item_is_on_one_page_in_order_whatever_is_added(
    database: Filling, case: Case, data: st.DataObject
) -> None:
    listed = case.listed
    sort = data.draw(st.sampled_from([*listed.sorts, *(f"-{name}" for name in listed.sorts)]))
    before = data.draw(st.lists(NUMBERS, max_size=9), label="rows")
    limits = cycle(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3), label="limits"))
    added = iter(data.draw(st.lists(NUMBERS, max_size=6), label="added, one after each page"))
    async with rolled_back(database) as filling:
        for number in before:
            await case.insert(filling, number)
        everything = PageRequest(sort, 1000, case.scope)
        first, _ = await keys_in(filling, listed, everything)
        walked, cursor = list[Any](), None
        while True:
            asked = PageRequest(sort, next(limits), case.scope)
            page, cursor = await keys_in(filling, listed, continued(listed, asked, cursor))
            assert len(page) <= asked.limit
            walked += page
            assert len(walked) <= len(before) + 6
            if cursor is None:
                break
            for number in islice(added, 1):
                await case.insert(filling, number)
        every, _ = await keys_in(filling, listed, everything)
    assert len(first) == len(before)
    assert len(walked) == len(set(walked))
    assert [key for key in walked if key in first] == first
    assert walked == [key for key in every if key in walked]


@EACH_LIST
async def test_every_filter_is_a_condition_that_postgresql_accepts(database: Filling, case: Case) -> None:
    assert set(case.filters) == set(case.listed.filters)
    for sort in case.listed.sorts:
        await page_of(database.sql, case.listed, PageRequest(sort, 1, case.scope, case.filters))


def _outer_nodes(plan: dict[str, Any]) -> list[str]:
    """Return the nodes that the list's own rows come through, without those of subqueries."""
    below = [one for one in plan.get("Plans", []) if one["Parent Relationship"] in {"Outer", "Member"}]
    return [plan["Node Type"], *(node for one in below for node in _outer_nodes(one))]


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.short], ids=lambda case: case.listed.name
)
async def test_an_index_has_the_order_of_the_list(database: Filling, case: Case) -> None:
    async with rolled_back(database) as filling:
        for number in range(5):
            await case.insert(filling, number)
        await filling.sql.execute("set local enable_sort = off")  # else a few rows are sorted at any rate
        await filling.sql.execute("set local enable_seqscan = off")
        await filling.sql.execute("set local enable_bitmapscan = off")
        for name in case.listed.sorts:
            for sort in (name, f"-{name}"):
                found = await page_of(filling.sql, case.listed, PageRequest(sort, 1, case.scope))
                wanted = PageRequest(sort, 1, case.scope, after=found.last)
                text, values = case.listed.statement(wanted)
                [row] = await filling.sql.fetch(f"explain (format json) {text}", *values)
                nodes = _outer_nodes(json.loads(row[0])[0]["Plan"])
                assert nodes[0] == "Limit"
                assert "Sort" not in nodes, row[0]


@pytest.mark.parametrize("case", [case for case in CASES if case.shape], ids=lambda case: case.listed.name)
async def test_what_is_rendered_has_the_documented_shape(database: Filling, case: Case) -> None:
    assert case.shape is not None
    async with rolled_back(database) as filling:
        for number in range(12):
            await case.insert(filling, number)
        await filling.insert("blocked_targets", chat=CHAT, since=moment(0), reason="asked for")
        await filling.insert("pauses", since=moment(0), reason="a pause")
        wanted = PageRequest(next(iter(case.listed.sorts)), 1000, case.scope)
        found = await page_of(filling.sql, case.listed, wanted)
        items = [case.listed.item(row) for row in found.rows]
    assert len(items) >= 12
    for item in items:
        model = case.shape.model_validate_json(item)
        assert json.loads(item) == json.loads(model.model_dump_json())


def _wanted(**filters: object) -> PageRequest:
    return PageRequest("-created_at", 1, (OWNER,), filters)


def test_a_cursor_is_refused_by_another_list_and_with_other_filters_or_another_order() -> None:
    orders, adbots = CASES[0].listed, CASES[2].listed
    cursor = cursor_at(orders, _wanted(plan="bronze"), (moment(1), "HQADZ-AAAAAA-BBBB"))
    assert continued(orders, _wanted(plan="bronze"), cursor).after == (moment(1), "HQADZ-AAAAAA-BBBB")
    assert continued(orders, _wanted(plan="bronze", text=None), cursor).after is not None
    for listed, wanted in (
        (orders, _wanted()),
        (orders, _wanted(plan="silver")),
        (orders, PageRequest("created_at", 1, (OWNER,), {"plan": "bronze"})),
        (orders, PageRequest("-created_at", 1, (ADBOT,), {"plan": "bronze"})),
        (adbots, _wanted(plan="bronze")),
    ):
        with pytest.raises(Denied) as refused:
            continued(listed, wanted, cursor)
        assert refused.value.status == 422
        assert "begin without a cursor" in refused.value.detail
