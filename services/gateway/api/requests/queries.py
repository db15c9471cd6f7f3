"""The parameters of lists: page, order and filters, as models of a request's query."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints

from services.gateway.api.requests.cursors import CursorText
from services.gateway.api.requests.shapes import WithoutNul
from services.gateway.tables.paging import PageRequest

LONGEST_PAGE = 1000


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=120), WithoutNul]
Text = Annotated[Word | None, Field(description="A part of one of the item's texts, in any case.")]
From = Annotated[
    Moment | None, Field(alias="from", description="Only items of this instant or later, with a UTC offset.")
]
To = Annotated[Moment | None, Field(description="Only items of before this instant, with a UTC offset.")]
Sort = Field(
    description="The order of the items; with `-` in descending order. `created_at` is when an item came "
    "to be. A cursor is valid for one order."
)
ByAge = Annotated[Literal["created_at", "-created_at"], Sort]


class PageQuery(BaseModel, frozen=True):
    """The page of a list that is asked for; subclasses add the list's orders, and a field for each filter."""

    sort: str
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="The maximum of items.")] = 100
    cursor: CursorText = None

    def of(self, *scope: object) -> PageRequest:
        """Return the request for the page, of a list that belongs to `scope`."""
        return PageRequest(self.sort, self.limit, scope, self._filters())

    def _filters(self) -> dict[str, object]:
        fields = type(self).model_fields.items()
        own = ((field.alias or name, getattr(self, name)) for name, field in fields if name not in _PAGE)
        return {name: value for name, value in own if value is not None}


_PAGE = frozenset({"sort", "limit", "cursor"})
