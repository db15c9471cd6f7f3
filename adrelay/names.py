"""Names for completion and parsing, which must not import what they name; a test compares them with that."""

SERVICES: tuple[str, ...] = ("billing", "provisioning", "scheduler", "forwarder", "gateway")
TABLES: dict[str, tuple[str, ...]] = {
    "billing": (
        "free_sessions",
        "open_payments",
        "order_timeouts",
        "orders",
        "payment_requests",
        "promises",
    ),
    "provisioning": ("adbots", "stock"),
    "scheduler": ("adbots", "private_ids", "schedules"),
    "forwarder": ("clients", "cycles", "denials", "releases", "stops"),
    "gateway": (
        "accounts",
        "adbots",
        "attention",
        "deliveries",
        "notifications",
        "order_history",
        "orders",
        "outbox",
        "private_ids",
        "products",
        "statistics",
        "stock",
    ),
}
"""By service, the tables that it folds."""
CATEGORIES: dict[str, str] = {
    "order": "billing",
    "product": "billing",
    "adbot": "provisioning",
    "pair": "provisioning",
    "session": "provisioning",
    "schedule": "scheduler",
    "permissions": "scheduler",
    "apipair": "forwarder",
    "client": "forwarder",
    "cycle": "forwarder",
    "account": "gateway",
    "inbox": "gateway",
}
"""By category, the part of a stream's name before the first hyphen, the service that keeps such streams."""
