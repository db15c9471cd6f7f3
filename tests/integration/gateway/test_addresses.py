"""The addresses of accounts: from events of earlier versions, from checkouts, and no longer than needed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio
from pydantic import SecretStr

from libs.events.catalogue import published
from libs.events.gateway import AccountErased, AccountRegistered, Role
from libs.events.values import AccountId
from libs.eventsourcing import Causes, Engine, Event, Sql
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.account.registering import Accounts
from services.gateway.account.tables import account_by_id
from services.gateway.device.refresh import Devices
from services.gateway.personal.addresses import forget_unplaced, make_tables, name_address
from services.gateway.registry import REGISTRY
from tests.integration.gateway.fake_services import append
from tests.integration.gateway.harness import PEPPER, GatewayHarness, operator

CODES = AccessCodes(KeyedHash([SecretStr(PEPPER)]))
CAUSES = Causes.first("anonymous")
TWO_DAYS = timedelta(days=2)


@pytest_asyncio.fixture(loop_scope="session")
async def engine(harness: GatewayHarness) -> AsyncIterator[Engine]:
    """Yield the gateway's engine on a database of its own."""
    async with AsyncExitStack() as stack:
        url = await harness.database(stack, "gateway")
        made = Engine(
            "gateway", url, published(), state_tables=REGISTRY.state_tables, read_models=REGISTRY.read_models
        )
        await made.start()
        yield made
        await made.stop()


async def happened(engine: Engine, account: AccountId, *events: Event) -> None:
    await engine.run(lambda unit: append(unit, f"account-{account}", *events), CAUSES)


def registered(account: AccountId, email: str | None = None) -> AccountRegistered:
    return AccountRegistered(account=account, email=email, role=Role.CLIENT, licence=CODES.licence())


async def addresses(engine: Engine) -> dict[AccountId, str]:
    rows = await engine.query(lambda sql: sql.fetch("select account, email from personal.addresses"))
    return {row["account"]: row["email"] for row in rows}


async def test_accounts_of_earlier_versions_keep_their_addresses_unless_they_were_erased(
    engine: Engine,
) -> None:
    old, unknown, gone = (AccountId(uuid4()) for _ in range(3))
    await happened(engine, old, registered(old, "old@example.com"))
    await happened(engine, unknown, registered(unknown))
    await happened(engine, gone, registered(gone, "gone@example.com"), AccountErased(account=gone))
    for _ in range(2):
        await make_tables(engine)
        assert await addresses(engine) == {old: "old@example.com", unknown: ""}


async def test_the_address_of_a_checkout_without_an_order_is_deleted_after_a_day(engine: Engine) -> None:
    await make_tables(engine)
    fresh, unplaced, owned, gone = (AccountId(uuid4()) for _ in range(4))
    await happened(engine, owned, registered(owned))
    await happened(engine, gone, registered(gone), AccountErased(account=gone))

    async def name_all(sql: Sql) -> None:
        for account in (unplaced, owned, fresh, gone):
            await name_address(sql, account, f"{account}@example.com")
        await name_address(sql, owned, "somebody.else@example.com")

    await engine.query(name_all)
    older = "update personal.addresses set named_at = named_at - $1::interval where account = any($2)"
    await engine.query(lambda sql: sql.execute(older, TWO_DAYS, [unplaced, owned]))
    await forget_unplaced(engine)
    assert await addresses(engine) == {one: f"{one}@example.com" for one in (fresh, owned)}


async def test_a_checkout_that_is_repeated_after_a_change_of_the_pepper_has_the_same_account(
    engine: Engine,
) -> None:
    await make_tables(engine)
    before, erased = Accounts(engine, CODES), "erased@example.com"
    account = await before.of("newcomer@example.com")
    await before.name_address(account, "newcomer@example.com")
    gone = await before.of(erased)
    await happened(engine, gone, registered(gone), AccountErased(account=gone))
    await before.name_address(gone, erased)

    after = Accounts(engine, AccessCodes(KeyedHash([SecretStr(PEPPER[::-1]), SecretStr(PEPPER)])))
    assert await after.of("Newcomer@example.com") == account
    assert await after.of(erased) != gone


async def test_a_device_that_signs_in_while_its_account_is_erased_is_signed_out(engine: Engine) -> None:
    await make_tables(engine)
    devices, account = Devices(engine, KeyedHash([SecretStr(PEPPER)]), seconds=3600), AccountId(uuid4())
    await devices.make_tables()
    await happened(engine, account, registered(account))
    known = await engine.query(lambda sql: account_by_id(sql, account))
    assert known is not None
    await happened(engine, account, AccountErased(account=account))
    await devices.sign_in(known, agent="a browser", address="192.0.2.7", causes=CAUSES)
    await devices.sweep()
    tokens = "select count(*) from refreshing.tokens"
    assert await engine.query(lambda sql: sql.fetchval(tokens)) == 0


async def test_an_address_that_is_not_known_is_named_by_the_next_checkout(harness: GatewayHarness) -> None:
    email = f"{uuid4().hex}@example.com"
    account = CODES.account(email)
    engine = Engine("gateway", harness.gateway_database, published(), state_tables=REGISTRY.state_tables)
    await engine.start(read_models=False)
    await happened(engine, account, registered(account))
    await engine.stop()
    async with harness.gateway() as http, operator(http) as admin:
        assert (await admin.get(f"accounts/{account}")).json()["email"] is None
        body = {"email": email, "plan": "bronze", "pay_currency": "BTC"}
        assert (await http.post("/api/v1/checkout", json=body)).status_code == 201
        assert (await admin.get(f"accounts/{account}")).json()["email"] == email
