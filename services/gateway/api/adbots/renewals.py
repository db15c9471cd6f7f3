"""Renewals of an adbot."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from libs.events.values import AdbotId, Coin
from libs.eventsourcing import Refused
from services.gateway.api.adbots.routes import shown_adbot
from services.gateway.api.callers import BuyerDep, causes_of
from services.gateway.api.checkout.ordering import CheckoutView, checking_out, checkout_view, order
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.requests.addresses import address_of
from services.gateway.api.requests.shapes import Body, Upper
from services.gateway.tables.adbot_states import AdbotState, AdbotStatus
from services.gateway.tables.order_lines import Wish
from services.gateway.tables.products import plan_of

router = APIRouter(prefix="/adbots", tags=["adbots"])


class RenewalBody(Body):
    """The coin of a renewal's payment."""

    pay_currency: Annotated[Coin, Upper, Field(examples=["BTC"])]


@router.post(
    "/{adbot_id}/renewal",
    summary="Renew an adbot",
    status_code=HTTPStatus.CREATED,
    response_description="The order was placed and can be paid.",
    responses=checking_out(401),
)
async def renew_adbot(
    body: RenewalBody,
    adbot: Annotated[AdbotState, Depends(shown_adbot)],
    caller: BuyerDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> CheckoutView:
    """Order the adbot's plan again, at today's price; the payment extends the adbot, also an expired one.

    Refused with `unknown_plan` if the plan is no longer on sale, and with `another_plan` if its code now
    names a different plan. Otherwise it works like a checkout.
    """
    await desk.checkouts.take(f"address {address_of(request)}")
    await desk.checkouts.take(f"account {caller.account}")
    await _check(desk, adbot)
    wish = Wish(caller.account, adbot.plan.code, body.pay_currency, AdbotId(adbot.id))
    causes = causes_of(request)
    async with desk.turns.of(wish):
        ordered = await order(desk, wish, None, causes)
        return await checkout_view(desk, wish, ordered, response)


async def _check(desk: Desk, adbot: AdbotState) -> None:
    """Raise `Refused` for a renewal that could be paid and not delivered."""
    if adbot.status is AdbotStatus.SUSPENDED:
        raise Refused("adbot_suspended", "a suspended adbot can't be renewed")
    sold = await desk.ask(lambda sql: plan_of(sql, adbot.plan.code))
    plan = adbot.plan
    had = (plan.sessions, plan.interval_seconds, plan.max_groups, plan.max_posts)
    if sold is not None and had != (sold.sessions, sold.interval_seconds, sold.max_groups, sold.max_posts):
        detail = f"{sold.code} has other sessions, another interval or other limits by now"
        raise Refused("another_plan", detail)
