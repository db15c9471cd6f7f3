"""Codes of problems with outgoing webhooks."""

from services.gateway.api.requests.codes.meaning import CONFLICT, INVALID, MISSING, Codes, Meaning

WEBHOOKS: Codes = {
    "unknown_webhook": Meaning(
        MISSING, "The account has no webhook of this id.", "Compare the id with the list."
    ),
    "unknown_delivery": Meaning(
        MISSING,
        "The webhook's log has no message of this id that was not taken.",
        "Compare the id with the log of deliveries.",
    ),
    "webhook_off": Meaning(CONFLICT, "The webhook is switched off.", "Switch it on first."),
    "webhook_exists": Meaning(
        CONFLICT, "A webhook of this id was added before.", "Compare the list of webhooks."
    ),
    "too_many_webhooks": Meaning(
        CONFLICT, "The account has as many webhooks as it may.", "Delete one that is not used."
    ),
    "malformed_webhook_url": Meaning(
        INVALID, "The URL is none that messages are sent to: `detail` says why.", "Correct the URL."
    ),
    "private_webhook_url": Meaning(
        INVALID, "The URL names an address that is not public.", "Use a public host."
    ),
    "malformed_webhook_events": Meaning(
        INVALID, "An event has a name that does not exist.", "Use the names of `GET /webhook-events`."
    ),
}
