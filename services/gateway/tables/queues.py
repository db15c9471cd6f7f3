"""What the gateway itself has still to send."""

from libs.eventsourcing import Sql
from services.gateway.inbox.tables import waiting_mails

_WEBHOOKS = "select count(*) from webhooks.deliveries where state = 'waiting'"


async def mails_and_webhooks(sql: Sql) -> tuple[int, int]:
    """Return how many mails, and how many messages to webhooks, wait to be sent."""
    return await waiting_mails(sql), int(await sql.fetchval(_WEBHOOKS))
