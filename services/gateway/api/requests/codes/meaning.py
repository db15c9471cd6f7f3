"""What a problem's code means."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means, and what to do about it."""

    status: HTTPStatus
    meaning: str
    remedy: str


Codes: TypeAlias = Mapping[str, Meaning]

BAD = HTTPStatus.BAD_REQUEST
UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
FORBIDDEN = HTTPStatus.FORBIDDEN
MISSING = HTTPStatus.NOT_FOUND
CONFLICT = HTTPStatus.CONFLICT
TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
INVALID = HTTPStatus.UNPROCESSABLE_ENTITY
TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS
UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
