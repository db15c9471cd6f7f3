"""The hours or days that a request asks for, of an adbot or of all."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from libs.events.time_zones import zone_of
from libs.events.values import AdbotId
from libs.eventsourcing.values import utc_now
from services.gateway.api.desk import Desk
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.queries import Word
from services.gateway.tables.periods import Periods, Span, periods_of

_USUAL = {Span.HOUR: 24, Span.DAY: 14}
_MOST = {Span.HOUR: 48, Span.DAY: 31}


class PeriodsQuery(BaseModel, frozen=True):
    """The periods that are asked for."""

    by: Annotated[Span, Field(description="By hour, or by day.")] = Span.HOUR
    last: Annotated[
        int | None,
        Field(
            ge=1,
            le=max(_MOST.values()),
            description="How many periods, with the one that is going on: up to 48 hours, by default 24; up "
            "to 31 days, by default 14.",
        ),
    ] = None
    time_zone: Annotated[
        Word,
        Field(
            description="The zone whose days are meant, such as `Europe/Berlin`. Days are sums of whole "
            "hours in UTC: where midnight is within such an hour, that hour counts to the day before."
        ),
    ] = "UTC"

    @field_validator("last")
    @classmethod
    def _not_too_many(cls, last: int | None, info: ValidationInfo) -> int | None:
        most = _MOST[info.data.get("by", Span.HOUR)]
        if last is not None and last > most:
            message = f"has to be at most {most} by {info.data['by'].value}"
            raise ValueError(message)
        return last


PeriodsQueryDep = Annotated[PeriodsQuery, Query()]


async def asked_periods(desk: Desk, asked: PeriodsQuery, adbot: AdbotId | None = None) -> Periods:
    """Return the periods of an adbot, without one of all adbots; raise `Denied` if there is no such zone."""
    zone, last = zone_of(asked.time_zone), asked.last or _USUAL[asked.by]
    if zone is None:
        detail = f"there is no time zone {asked.time_zone}"
        raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_time_zone", detail)
    return await desk.ask(lambda sql: periods_of(sql, adbot, asked.by, zone, last, utc_now()))
