"""A system with something to see on every page, made through its public interfaces."""

from dataclasses import dataclass
from decimal import Decimal

from playwright.async_api import Page

from adrelay.demo import steps
from adrelay.demo.rest import Json, Rest, until
from adrelay.demo.sample import Sample, create_sample
from adrelay.demo.system import LocalSystem
from sandbox.telegram import AccountSpec, FaultSpec
from tests.e2e.scenarios import API_IDS
from tests.web.pages import Visitor
from tests.web.people import Operator, new_operator, sign_in, sign_in_operator

SENDS = "messages.forwardMessages"
FLOOD_WAIT = "FLOOD_WAIT_4"
FORBIDDEN = "CHAT_WRITE_FORBIDDEN"
CYCLES = 2
FURTHER = 18
"""Accounts besides those of the sample: enough that two unpaid orders can have sessions promised."""


@dataclass(frozen=True)
class Population:
    """Who there is, and what pages are about."""

    client_code: str
    operator: Operator
    things: dict[str, str]
    """Ids by the names that addresses and headings of pages hold in braces, such as `adbot`; and `email`."""


async def populate(system: LocalSystem, tag: str = "_pages") -> Population:
    """Make a client with a running adbot and a new one, orders in several states, and an operator."""
    sample = await create_sample(system.telegram, tag=tag, spare=True)
    further = [
        await system.telegram.create_account(AccountSpec(name=f"Further {one}")) for one in range(FURTHER)
    ]
    accounts = [*sample.accounts, *(account.id for account in further)]
    await steps.stock_sessions(system, accounts, api_id=next(API_IDS))
    operator = await new_operator(system, f"operator{tag}@example.com")
    email = f"client{tag}@example.com"
    running = await _bought(system, email)
    code = await steps.access_code(system, running)
    client = await steps.sign_in(system, running)
    new = await _bought(system, email)
    await _wait_for_adbots(client, 2)
    things = {
        "adbot": client.adbot,
        "new_adbot": await _other_adbot(client),
        "paid": running.order,
        "new_order": new.order,
        "waiting": (await steps.check_out(system, email=f"visitor{tag}@example.com", coin="LTC")).order,
        "partial": await _partly_paid(system, email),
        "webhook": await _connected(client),
        "group_list": await _listed(client),
        "account": (await client.rest.get("/auth/me"))["id"],
        "email": email,
    }
    await _advertise(system, client, sample)
    await _operate(system, things["account"])
    await client.rest.close()
    return Population(code, operator, things)


async def _bought(system: LocalSystem, email: str) -> steps.Purchase:
    purchase = await steps.check_out(system, email=email)
    await steps.pay(system, purchase)
    return purchase


async def _partly_paid(system: LocalSystem, email: str) -> str:
    purchase = await steps.check_out(system, email=email)
    payment = await system.payments.payment_of(purchase.order)
    await system.payments.pay_part(payment.payment_id, fraction=Decimal("0.4"))
    async with Rest(system.url) as visitor:
        await until(
            lambda: visitor.get(f"/payments/{purchase.order}"),
            lambda found: Decimal(found["paid"] or 0) > 0,
            within_seconds=30,
        )
    return purchase.order


async def _connected(client: steps.Client) -> str:
    """Give the client an API key and a webhook, and return the webhook."""
    await client.rest.post("/api-keys", {"name": "reporting", "scopes": ["read"]})
    webhook = {
        "url": "https://hooks.example.org/adrelay",
        "events": ["adbot.stopped", "order.payment_finished"],
    }
    return str((await client.rest.post("/webhooks", webhook))["id"])


async def _listed(client: steps.Client) -> str:
    """Make a group list with a paused and a spaced group, and return it."""
    options = [{"group": "@cake_lovers", "paused": True}, {"group": "@bread_news/7", "every_seconds": 86_400}]
    wanted = {"name": "Bakers", "groups": ["@cake_lovers", "@bread_news/7", "@pastry_chat"]}
    made = await client.rest.post("/group-lists", {**wanted, "group_options": options})
    return str(made["id"])


async def _wait_for_adbots(client: steps.Client, count: int) -> None:
    await until(
        lambda: client.rest.get("/adbots"),
        lambda found: len(found["items"]) == count,
        within_seconds=30,
    )


async def _other_adbot(client: steps.Client) -> str:
    found = (await client.rest.get("/adbots"))["items"]
    return str(next(one["id"] for one in found if one["id"] != client.adbot))


async def _advertise(system: LocalSystem, client: steps.Client, sample: Sample) -> None:
    """Let the adbot run until some cycles are in its log: one group refuses, an account is told to wait."""
    await steps.advertise(client, sample)
    refusing = list(sample.groups.values())[-1]
    await system.telegram.inject_fault(FaultSpec(chat=refusing, name=FORBIDDEN))
    await system.telegram.inject_fault(FaultSpec(method=SENDS, name=FLOOD_WAIT, times=1))
    await steps.start(client)

    def enough(log: list[Json]) -> bool:
        lines = len(log) >= CYCLES * len(sample.groups)
        return lines and len(steps.cycles_in(log)) >= CYCLES

    await until(client.log, enough, within_seconds=60)


async def _operate(system: LocalSystem, account: str) -> None:
    """Do with the operator's token what the operator's lists show."""
    why = {"reason": "asked by the client"}
    async with Rest(system.url, system.admin_token) as operator:
        await operator.post("/admin/operations/targets/block", {"chat": "@blocked_group", **why})
        await operator.post("/admin/operations/targets/block", {"chat": "-1009876543210", **why})
        await operator.post("/admin/operations/sources/block", {"chat": "@blocked_channel", **why})
        await operator.post(f"/admin/accounts/{account}/private-ids/allow", why)


async def enter(page: Page, visitor: Visitor, population: Population) -> None:
    """Sign in as this visitor; an operator can once only."""
    if visitor is Visitor.CLIENT:
        await sign_in(page, population.client_code)
    elif visitor is Visitor.OPERATOR:
        await sign_in_operator(page, population.operator)
