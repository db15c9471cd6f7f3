"""The adbot that is meant where no adbot is named: the last that may run, or else the last one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Sql
from libs.eventsourcing.values import utc_now
from services.gateway.api.adbots.advertisement import AdvertisementChangeBody
from services.gateway.api.adbots.routes import change_advertisement
from services.gateway.api.callers import ReaderDep
from services.gateway.api.compat.shapes import StartBody
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.identity.principal import Caller
from services.gateway.api.requests.problems import Denied
from services.gateway.tables.adbot_states import (
    AdbotState,
    PlanStatus,
    adbot_of,
    current_adbot,
    plan_status_of,
)
from services.gateway.tables.figures import Statistics, statistics_of


@dataclass(frozen=True)
class Bot:
    """An account's current adbot with its figures if they are wanted, and the status of the account's plans.

    The adbot is None if the account has none.
    """

    state: AdbotState | None
    figures: Statistics | None
    plan_status: PlanStatus


async def bot_in(sql: Sql, account: AccountId, *, figures: bool = False) -> Bot:
    """Return the current adbot of an account, if wanted with its figures, which take several queries."""
    adbot = await current_adbot(sql, account)
    plan_status = await plan_status_of(sql, account)
    if adbot is None:
        return Bot(None, None, plan_status)
    state = await adbot_of(sql, account, adbot)
    return Bot(state, await statistics_of(sql, adbot, utc_now()) if figures else None, plan_status)


async def current(caller: ReaderDep, desk: DeskDep) -> AdbotId:
    """Return the id of the caller's current adbot; raise `Denied` if it has none."""
    found = await desk.ask(lambda sql: current_adbot(sql, caller.account))
    if found is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_adbot", "you have no adbot; order a plan first")
    return found


CurrentDep = Annotated[AdbotId, Depends(current)]


async def change(
    adbot: UUID,
    post: str | None,
    groups: tuple[str, ...] | None,
    caller: Caller,
    request: Request,
    response: Response,
    desk: Desk,
) -> AdbotState:
    """Change what is given of an adbot's advertisement, as `PATCH /adbots/{adbot_id}/advertisement` does."""
    body = AdvertisementChangeBody(post=post, groups=groups)
    return await change_advertisement(adbot, body, caller, request, response, desk)


async def change_first(
    adbot: UUID, body: StartBody | None, caller: Caller, request: Request, response: Response, desk: Desk
) -> None:
    """Change what a start gives of an adbot's advertisement, if it gives any."""
    if body is not None and (body.post_link or body.target_groups):
        post, groups = body.post_link or None, body.target_groups or None
        await change(adbot, post, groups, caller, request, response, desk)
