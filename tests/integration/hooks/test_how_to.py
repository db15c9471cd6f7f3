"""The receiver's code of the how-to verifies real messages."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from libs.eventsourcing.values import new_id
from services.gateway.hooks.retrying import PAUSES
from tests.integration.hooks.receiver import Receiver
from tests.integration.hooks.sending import CAUSES, Sending

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "outgoing-webhooks.md"


@pytest.fixture
def verified() -> Callable[[str, dict[str, str], bytes], dict[str, Any]]:
    """Return the function on the page."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)  # noqa: S102 - our own page
    found: Callable[[str, dict[str, str], bytes], dict[str, Any]] = names["verified"]
    return found


async def test_the_code_on_the_page_accepts_messages_with_either_secret_and_no_others(
    sending: Sending, receiver: Receiver, verified: Callable[[str, dict[str, str], bytes], dict[str, Any]]
) -> None:
    hook, old = await sending.add(receiver.url)
    new = await sending.hooks.rotate(sending.account, hook, new_id(), CAUSES)
    await sending.hooks.test(sending.account, hook)
    (got,) = receiver.got
    for secret in (old, new):
        assert verified(secret, got.headers, got.body)["type"] == "test"
    wrong: list[tuple[str, dict[str, str], bytes]] = [
        ("whsec_" + "A" * 43 + "=", got.headers, got.body),
        (new, got.headers, got.body + b" "),
        (new, got.headers | {"webhook-id": "other"}, got.body),
        (new, got.headers | {"webhook-timestamp": "1"}, got.body),
    ]
    for secret, headers, body in wrong:
        with pytest.raises(ValueError, match="not a message"):
            verified(secret, headers, body)


def test_the_page_names_every_pause() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    (text,) = re.findall(r"sent again after (.*?), then given up", PAGE.read_text())
    named = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", text)]
    assert named == [pause.total_seconds() for pause in PAUSES]
