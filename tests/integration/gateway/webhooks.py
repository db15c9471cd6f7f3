"""Webhooks that a client adds."""

from typing import Any

from tests.integration.gateway.harness import Client


async def added(client: Client, url: str, *events: str) -> dict[str, Any]:
    """Add a webhook of a client; return the answer, with its secret."""
    body = {"url": url, "events": list(events), "description": "ours"}
    made = await client.http.post("webhooks", json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found
