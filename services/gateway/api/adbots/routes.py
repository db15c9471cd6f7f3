"""Routes of adbots: advertisement, start and stop."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator

from libs.events.commands.scheduler import (
    ConfirmGroup,
    SetAdvertisement,
    SetGroupOption,
    SetPacing,
    StartAdbot,
    StopAdbot,
)
from libs.events.scheduler import GroupListId, PostOrder
from libs.events.values import AccountId, AdbotId, ChannelPost, SendOptions, TextFormat, TextPost
from services.gateway.api.adbots.options import GroupOptionBody, Written, written_options
from services.gateway.api.adbots.posts import WrittenPost, format_of, written
from services.gateway.api.adbots.sending import send_once_known
from services.gateway.api.callers import ReaderDep, WriterDep, causes_of
from services.gateway.api.desk import Desk, DeskDep
from services.gateway.api.identity.principal import Caller
from services.gateway.api.listings import AdbotsQuery, answer_page
from services.gateway.api.openapi import Responses, problems
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shapes import Body, Page
from services.gateway.api.requests.tags import tagged
from services.gateway.tables.adbot_query import OWN_ADBOTS
from services.gateway.tables.adbot_states import AdbotState, adbot_item_of, adbot_of, owners_of

router = APIRouter(prefix="/adbots", tags=["adbots"])


_POSTS = ["https://t.me/channel/42", "https://t.me/channel/43"]


class AdvertisementBody(Body):
    """The posts to send, `post` or `posts`, and the groups: `groups`, those of `lists`, or both."""

    post: Annotated[
        WrittenPost | None,
        Field(
            description="A link to a post, or a text; or a post as answers show it.",
            examples=["https://t.me/channel/42"],
        ),
    ] = None
    posts: Annotated[
        Annotated[list[WrittenPost], Field(min_length=1, max_length=20, examples=[_POSTS])] | None,
        Field(
            description="Instead of `post`, several: each cycle sends one. If both are sent, as an answer "
            "has them, `post` must be the first.",
        ),
    ] = None
    order: Annotated[
        PostOrder, Field(description="Which of several posts a cycle sends: the next one, or any.")
    ] = PostOrder.IN_TURN
    format: Annotated[
        TextFormat,
        Field(
            description="How a text is formatted: `markdown` as in Telegram's clients (`**bold**`, "
            "`__italic__`, `~~struck~~`, `||hidden||`, `code`, `[link](https://…)`), or `html`. "
            "Ignored for a link. Left out, it is that of the posts that are objects."
        ),
    ] = TextFormat.PLAIN
    groups: Annotated[
        tuple[Written, ...],
        Field(
            max_length=10_000,
            description="`@name`, `t.me/name`, an invite link or a numeric id; each may have a `/topic`. "
            "May be missing if there are `lists`.",
            examples=[["@group", "t.me/other/7"]],
        ),
    ] = ()
    lists: Annotated[
        tuple[UUID, ...],
        Field(
            max_length=20,
            description="Group lists: their groups follow, as they are when a cycle is due. Up to the limit "
            "of groups; a group that is in several is sent to once.",
        ),
    ] = ()
    group_options: Annotated[
        tuple[GroupOptionBody, ...],
        Field(
            max_length=10_000,
            description="What differs for single groups. It counts before the option of a list; what is left "
            "out is removed.",
        ),
    ] = ()
    options: Annotated[SendOptions, Field(description="How the posts are sent.")] = SendOptions()

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.post is None and self.posts is None:
            message = "must have either post or posts"
            raise ValueError(message)
        if self.post is not None and self.posts is not None and self.post != self.posts[0]:
            message = "must have either post or posts, or the first of posts as post"
            raise ValueError(message)
        format_of(self._posts, self._format)
        if not {"groups", "lists"} & self.model_fields_set:
            message = "must have groups or lists"
            raise ValueError(message)
        return self

    @property
    def written(self) -> list[str]:
        """The posts, as the scheduler reads them."""
        return [written(post) for post in self._posts]

    @property
    def text_format(self) -> TextFormat:
        """The format of all texts."""
        return format_of(self._posts, self._format)

    def command(self, adbot: AdbotId, account: AccountId | None) -> SetAdvertisement:
        """Return the command that sets this for an adbot of an account, or of any."""
        return SetAdvertisement(
            adbot=adbot,
            account=account,
            post=self.written[0],
            more_posts=tuple(self.written[1:]),
            order=self.order,
            format=self.text_format,
            groups=self.groups,
            lists=tuple(GroupListId(one) for one in self.lists),
            group_options=written_options(self.group_options),
            options=self.options,
        )

    @property
    def _posts(self) -> Sequence[str | ChannelPost | TextPost]:
        return self.posts if self.posts is not None else [self.post or ""]

    @property
    def _format(self) -> TextFormat | None:
        return self.format if "format" in self.model_fields_set else None


async def own_adbot(adbot_id: UUID, caller: ReaderDep, desk: DeskDep) -> AdbotId:
    """Return the id of the path's adbot; raise `Denied` unless it is the caller's.

    It costs less than the state. For reads, ownership is checked here, by a query. For commands, the
    scheduler alone decides, and refuses those of other accounts with the same answer.
    """
    adbot = AdbotId(adbot_id)
    owners = await desk.ask(lambda sql: owners_of(sql, [adbot]))
    if owners.get(adbot) != caller.account:
        raise _unknown()
    return adbot


async def shown_adbot(adbot_id: UUID, caller: ReaderDep, desk: DeskDep) -> AdbotState:
    """Return the state of the path's adbot; raise `Denied` unless it is the caller's."""
    state = await desk.ask(lambda sql: adbot_of(sql, caller.account, AdbotId(adbot_id)))
    if state is None:
        raise _unknown()
    return state


def _unknown() -> Denied:
    return Denied(HTTPStatus.NOT_FOUND, "unknown_adbot", "you have no adbot of this id")


def writing(*statuses: int) -> Responses:
    """Return the responses of a route that changes an adbot."""
    accepted = {"model": AdbotState, "description": "It is committed; reads will include it soon."}
    return problems(401, 404, 409, 429, *statuses) | {202: accepted}


@router.get("", summary="List your adbots", responses=problems(401), response_model=Page[AdbotState])
async def list_adbots(
    caller: ReaderDep, desk: DeskDep, request: Request, asked: Annotated[AdbotsQuery, Query()]
) -> Response:
    """Return the caller's adbots, the oldest first."""
    return await answer_page(request, desk, OWN_ADBOTS, asked, caller.account)


@router.get("/{adbot_id}", summary="Show an adbot", responses=problems(401, 404), response_model=AdbotState)
async def get_adbot(adbot_id: UUID, caller: ReaderDep, desk: DeskDep, request: Request) -> Response:
    """Return an adbot: its plan, seats, validity, advertisement and status."""
    item = await desk.ask(lambda sql: adbot_item_of(sql, caller.account, AdbotId(adbot_id)))
    if item is None:
        raise _unknown()
    return tagged(request, item.encode())


@router.put("/{adbot_id}/advertisement", summary="Set the posts and the groups", responses=writing(413))
async def set_advertisement(
    adbot_id: UUID,
    body: AdvertisementBody,
    caller: WriterDep,
    request: Request,
    response: Response,
    desk: DeskDep,
) -> AdbotState:
    """Set an adbot's posts and groups; each cycle sends one post. A running cycle keeps its own."""
    command = body.command(AdbotId(adbot_id), caller.account)
    return await write(command, caller, request, response, desk)


@router.post("/{adbot_id}/start", summary="Start an adbot", responses=writing())
async def start_adbot(
    adbot_id: UUID, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> AdbotState:
    """Start an adbot: cycles come due from now on. Starting a running adbot changes nothing.

    The first cycle is due as soon as the pacing allows and, if the adbot's last cycle was less than its
    plan's interval ago, not before the interval has passed: see `next_cycle_at`.
    """
    command = StartAdbot(adbot=AdbotId(adbot_id), account=caller.account)
    return await write(command, caller, request, response, desk)


@router.post("/{adbot_id}/stop", summary="Stop an adbot", responses=writing())
async def stop_adbot(
    adbot_id: UUID, caller: WriterDep, request: Request, response: Response, desk: DeskDep
) -> AdbotState:
    """Stop an adbot: nothing more is sent, not even of a running cycle. Repeating it changes nothing."""
    command = StopAdbot(adbot=AdbotId(adbot_id), account=caller.account)
    return await write(command, caller, request, response, desk)


_AboutAdbot = SetAdvertisement | SetPacing | StartAdbot | StopAdbot | ConfirmGroup


async def write(
    command: _AboutAdbot,
    caller: Caller,
    request: Request,
    response: Response,
    desk: Desk,
) -> AdbotState:
    """Send a command to the scheduler, and return the adbot after it."""
    return await write_to(command.adbot, command, caller, request, response, desk)


async def write_to(
    adbot: AdbotId,
    command: _AboutAdbot | SetGroupOption,
    caller: Caller,
    request: Request,
    response: Response,
    desk: Desk,
) -> AdbotState:
    """Send a command about an adbot to the scheduler, and return the adbot after it."""

    async def shown() -> AdbotState:
        return await shown_adbot(adbot, caller, desk)

    causes = causes_of(request)
    accepted = await send_once_known(desk.commands.send, command, causes, desk.timeout_seconds, shown)
    if not await desk.settled(accepted.written):
        response.status_code = HTTPStatus.ACCEPTED
    return await shown()
