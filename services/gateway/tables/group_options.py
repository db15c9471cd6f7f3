"""How options of groups are stored: a JSON object by their groups' references."""

import json
from collections.abc import Iterable

from pydantic import TypeAdapter

from libs.events.scheduler import GroupOption

_OPTIONS: TypeAdapter[dict[str, GroupOption]] = TypeAdapter(dict[str, GroupOption])


def options_json(options: Iterable[GroupOption]) -> str:
    """Return options as they are stored."""
    return json.dumps({option.group: option.model_dump(mode="json") for option in options})


def options_in(stored: str) -> list[GroupOption]:
    """Return stored options, by their groups' references."""
    return [option for _, option in sorted(_OPTIONS.validate_json(stored).items())]
