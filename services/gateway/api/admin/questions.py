"""Asking services about their stores on behalf of operators."""

import asyncio
from typing import Annotated, Literal, TypeVar

from fastapi import Path

from libs.chassis.questions import NotAnswered
from libs.events.categories import SERVICES
from libs.events.questions import Question, Reply
from libs.eventsourcing import Refused
from services.gateway.api.desk import Desk
from services.gateway.api.requests.codes import CODES
from services.gateway.api.requests.problems import unavailable

ReplyT = TypeVar("ReplyT", bound=Reply)
ServiceName = Literal["billing", "provisioning", "scheduler", "forwarder", "gateway"]
ServicePath = Annotated[ServiceName, Path(description="A service.", examples=["billing"])]


async def ask(desk: Desk, service: str, question: Question[ReplyT]) -> ReplyT:
    """Return a service's answer; raise `Refused`, or `Denied` if it has none just now."""
    try:
        return await desk.questions.ask(service, question)
    except NotAnswered:
        raise unavailable("service_unavailable", f"{service} does not answer") from None
    except Refused as refusal:
        if refusal.code in CODES:
            raise
        raise unavailable("service_unavailable", f"{service}: {refusal.detail}") from refusal


async def ask_all(desk: Desk, question: Question[ReplyT]) -> tuple[dict[str, ReplyT], list[str]]:
    """Return the answers of the services, and those that have none just now."""

    async def one(service: str) -> ReplyT | None:
        try:
            return await desk.questions.ask(service, question)
        except (NotAnswered, Refused):
            return None

    answers = dict(zip(SERVICES, await asyncio.gather(*map(one, SERVICES)), strict=True))
    answered = {service: answer for service, answer in answers.items() if answer is not None}
    return answered, [service for service in SERVICES if service not in answered]
