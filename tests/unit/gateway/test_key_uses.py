"""When uses of API keys are stored, and forgotten."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import pytest

from libs.events.gateway import ApiKeyId
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.values import new_id
from services.gateway.api.identity import key_uses
from services.gateway.api.identity.key_uses import KeyUses

T = TypeVar("T")


class Statements:
    """Stands for an engine: notes the kinds of the statements."""

    def __init__(self) -> None:
        self.found: list[str] = []

    async def query(self, question: Callable[[Sql], Awaitable[T]]) -> T:
        return await question(cast("Sql", self))

    async def execute(self, statement: str, *_: object) -> None:
        self.found.append(statement.split(maxsplit=1)[0])


async def test_revoked_keys_are_looked_for_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    statements = Statements()
    uses = KeyUses(cast("Engine", statements))
    await uses.store()
    uses.note(ApiKeyId(new_id()), "127.0.0.1")
    await uses.store()
    await uses.store()
    assert statements.found == ["delete", "insert"]
    monkeypatch.setattr(key_uses, "FORGET_SECONDS", -1.0)
    again = KeyUses(cast("Engine", statements))
    await again.store()
    await again.store()
    assert statements.found[2:] == ["delete", "delete"]
