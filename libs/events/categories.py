"""The categories of streams, and the service that keeps each."""

CATEGORIES: dict[str, str] = {
    "order": "billing",
    "product": "billing",
    "adbot": "provisioning",
    "pair": "provisioning",
    "session": "provisioning",
    "confirmations": "scheduler",
    "grouplist": "scheduler",
    "postchecks": "scheduler",
    "schedule": "scheduler",
    "permissions": "scheduler",
    "operations": "scheduler",
    "apipair": "forwarder",
    "client": "forwarder",
    "cycle": "forwarder",
    "access": "forwarder",
    "postcheck": "forwarder",
    "account": "gateway",
    "device": "gateway",
    "inbox": "gateway",
    "notice": "gateway",
    "hook": "gateway",
}
"""The services by stream category, which is the part of a stream's name before the first hyphen."""

SERVICES: tuple[str, ...] = tuple(dict.fromkeys(CATEGORIES.values()))
"""The five services, in the order in which one leads to another."""
