"""The operator's routes of events: search by any id, correlated trees, streams with their states."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import StringConstraints

from libs.chassis.pasted import Kind, read
from libs.events.categories import CATEGORIES
from libs.events.operations.explorer import (
    MOST_IN_PAGE,
    MOST_TREES,
    EventHead,
    FoundInStore,
    ReadEvent,
    ReadStream,
    ReadTree,
    SearchStore,
    ShownStep,
    StreamName,
    TreeEvents,
)
from libs.eventsourcing.operations import EventSummary, Node, Visit, begin_of, depth_first, linked
from services.gateway.api.admin.event_views import (
    EventDetail,
    EventLine,
    EventSearch,
    EventStream,
    EventTree,
    FoundStream,
    FoundTree,
    StreamStep,
    TreeEvent,
)
from services.gateway.api.admin.questions import ask, ask_all
from services.gateway.api.callers import FOR_OPERATORS
from services.gateway.api.desk import DeskDep
from services.gateway.api.openapi import problems
from services.gateway.api.requests.problems import Denied, unavailable
from services.gateway.api.requests.queries import Moment
from services.gateway.api.requests.shapes import WithoutNul
from services.gateway.tables.event_search import streams_named

router = APIRouter(prefix="/admin/events", tags=["admin"], dependencies=[FOR_OPERATORS])

MOST_SHOWN = 2000
"""How many events of a correlated tree are shown."""


@router.get("/search", summary="Search events by any id", responses=problems(401))
async def search_events(
    desk: DeskDep,
    text: Annotated[
        str,
        StringConstraints(min_length=1, max_length=300),
        WithoutNul,
        Query(
            description="An order's number, the id of an adbot, account, session, payment, event or "
            "correlated tree, an e-mail address, a group, or a stream's name, as it was copied.",
            examples=["HQADZ-MWPM0SFH-9J8ZHS6IAHLL"],
        ),
    ],
) -> EventSearch:
    """Return the streams, the event and the correlated trees that are known by an id."""
    wanted = read(text)
    named = await desk.ask(lambda sql: streams_named(sql, wanted))
    question = SearchStore(
        names=tuple(named),
        key=wanted.text if wanted.kind in {Kind.ORDER, Kind.ID, Kind.NAME} else "",
        id=UUID(wanted.text) if wanted.kind is Kind.ID else None,
    )
    found, unanswered = await ask_all(desk, question)
    return EventSearch(
        text=wanted.text,
        kind=wanted.kind,
        streams=[
            FoundStream(stream=one.stream, service=service, versions=one.versions)
            for service, here in found.items()
            for one in here.streams
        ],
        event=next((_line(service, one.event) for service, one in found.items() if one.event), None),
        trees=_trees(found),
        unanswered=unanswered,
    )


@router.get("/trees/{correlation_id}", summary="Show a correlated tree", responses=problems(401, 404))
async def get_event_tree(
    correlation_id: Annotated[UUID, Path(description="The correlation id that the tree's events share.")],
    desk: DeskDep,
) -> EventTree:
    """Return the events with one correlation id over all services, each cause before its effects.

    Of a very large tree, the first 2000 events are shown.
    """
    found, unanswered = await ask_all(desk, ReadTree(correlation_id=correlation_id))
    nodes = _first_nodes(found)
    if not nodes:
        if unanswered:
            raise _unanswered(unanswered)
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_tree", "no event has this correlation id")
    roots = linked(nodes)
    begin = begin_of(roots)
    last = max(node.event.at.timestamp() for node in nodes)
    return EventTree(
        correlation_id=correlation_id,
        began_at=min(node.event.at for node in nodes),
        seconds=round(last - begin, 6),
        nodes=[_in_tree(visit, begin) for visit in depth_first(roots)],
        left_out=sum(part.count for part in found.values()) - len(nodes),
        unanswered=unanswered,
    )


@router.get("/streams/{stream}", summary="Show a stream", responses=problems(401, 404))
async def get_event_stream(
    stream: Annotated[
        StreamName,
        Path(
            description="The stream's name, such as an order's number behind `order-`.",
            examples=["order-HQADZ-MWPM0SFH-9J8ZHS6IAHLL"],
        ),
    ],
    desk: DeskDep,
    until: Annotated[
        int | None, Query(ge=1, lt=2**31, description="Only events up to this version.", examples=[7])
    ] = None,
    at: Annotated[
        Moment | None,
        Query(description="Only events up to this moment.", examples=["2026-05-01T12:00:00Z"]),
    ] = None,
    limit: Annotated[
        int,
        Query(
            ge=1,
            le=MOST_IN_PAGE,
            description="How many; fewer if their states are large.",
            examples=[50],
        ),
    ] = 50,
) -> EventStream:
    """Return the last events of a stream up to a version or a moment, each with the state after it."""
    service = CATEGORIES.get(stream.partition("-")[0])
    if service is None:
        raise Denied(HTTPStatus.NOT_FOUND, "unknown_stream", f"no service has streams like {stream}")
    part = await ask(desk, service, ReadStream(stream=stream, until=until, at=at, limit=limit))
    first = part.steps[0].head.version if part.steps else 1
    return EventStream(
        stream=stream,
        service=service,
        versions=part.versions,
        steps=[_step(service, step) for step in part.steps],
        before=first - 1 or None,
    )


@router.get("/{event_id}", summary="Show an event", responses=problems(401, 404))
async def get_event(event_id: Annotated[UUID, Path()], desk: DeskDep) -> EventDetail:
    """Return an event with its data."""
    found, unanswered = await ask_all(desk, ReadEvent(id=event_id))
    for service, here in found.items():
        if here.event is not None:
            return EventDetail(
                **_line(service, here.event.head).model_dump(),
                schema_version=here.event.schema_version,
                data=here.event.data,
            )
    if unanswered:
        raise _unanswered(unanswered)
    raise Denied(HTTPStatus.NOT_FOUND, "unknown_event", "no service has an event of this id")


def _unanswered(services: list[str]) -> Denied:
    return unavailable("service_unavailable", f"{', '.join(services)} did not answer; try again")


def _first_nodes(found: Mapping[str, TreeEvents]) -> list[Node]:
    """Return the first events of a tree: none after a moment from which a service's events are missing."""
    cut = [part.events[-1].at for part in found.values() if len(part.events) < part.count]
    nodes = [
        Node(service, _summary(event))
        for service, part in found.items()
        for event in part.events
        if not cut or event.at <= min(cut)
    ]
    return sorted(nodes, key=lambda node: node.event.at)[:MOST_SHOWN]


def _trees(found: Mapping[str, FoundInStore]) -> list[FoundTree]:
    began = dict[UUID, datetime]()
    for tree in (tree for here in found.values() for tree in here.trees):
        began[tree.correlation_id] = min(tree.began, began.get(tree.correlation_id, tree.began))
    latest = sorted(began.items(), key=lambda tree: tree[1], reverse=True)
    return [FoundTree(correlation_id=tree, began_at=at) for tree, at in latest[:MOST_TREES]]


def _summary(head: EventHead) -> EventSummary:
    return EventSummary(**head.model_dump())


def _line(service: str, head: EventHead) -> EventLine:
    return EventLine(service=service, **head.model_dump(exclude={"position"}))


def _step(service: str, step: ShownStep) -> StreamStep:
    return StreamStep(
        **_line(service, step.head).model_dump(),
        schema_version=step.schema_version,
        data=step.data,
        state_type=step.state_type,
        state=step.state,
        problem=step.problem,
    )


def _in_tree(visit: Visit, begin: float) -> TreeEvent:
    event, cause = visit.node.event, visit.cause
    fields = event._asdict()
    del fields["position"]
    return TreeEvent(
        service=visit.node.service,
        **fields,
        depth=visit.depth,
        seconds=round(event.at.timestamp() - begin, 6),
        seconds_since_cause=(
            None if cause is None else round((event.at - cause.event.at).total_seconds(), 6)
        ),
    )
