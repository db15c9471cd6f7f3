"""The initial catalogue of a new installation, read from a file."""

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from libs.chassis.words import wrong
from libs.events.values import Plan
from libs.eventsourcing import Refused, UnitOfWork
from services.billing.product.commands import IntroduceProduct
from services.billing.product.domain import PRODUCT, check

DEFAULT_FILE = Path(__file__).parents[1] / "catalogue.toml"


class BadCatalogue(ValueError):
    """The file has no valid catalogue; the message names the entry and its problem."""


def read_catalogue(path: Path) -> list[Plan]:
    """Return the plans of a catalogue file, in its order; raise `BadCatalogue` if it is invalid."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise BadCatalogue(f"{path.name} can't be read: {_one_line(error)}") from None
    entries = found.pop("plan", [])
    if found or not isinstance(entries, list) or not entries:
        raise BadCatalogue(f"{path.name} must hold [[plan]] entries and nothing else")
    plans = [_plan(number, entry, path) for number, entry in enumerate(cast("list[object]", entries), 1)]
    codes = [plan.code for plan in plans]
    for code in codes:
        if codes.count(code) > 1:
            raise BadCatalogue(f"{path.name}, plan {code}: the code stands there {codes.count(code)} times")
    return plans


def _plan(number: int, entry: object, path: Path) -> Plan:
    try:
        plan = Plan.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        code = cast("dict[str, object]", entry).get("code") if isinstance(entry, dict) else None
        name = code if isinstance(code, str) else f"number {number}"
        field = ".".join(map(str, first["loc"])) or "the entry"
        raise BadCatalogue(f"{path.name}, plan {name}: {field}: {wrong(first)}") from None
    try:
        check(plan)
    except Refused as refusal:
        raise BadCatalogue(f"{path.name}, plan {plan.code}: interval_seconds: {refusal.detail}") from None
    if not plan.name.isprintable():  # a line break would end the subject header of mails about the plan
        raise BadCatalogue(f"{path.name}, plan {plan.code}: name: holds characters that can't be seen")
    return plan


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return " ".join(str(error).split())


async def introduce(plans: Sequence[Plan], unit: UnitOfWork) -> None:
    """Add the plans that were never listed; known plans stay as they are."""
    for plan in plans:
        await unit.execute(PRODUCT, plan.code, IntroduceProduct(plan))
