"""Names for completion and parsing, without imports of the modules that define them; tests compare both."""

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
    "scheduler": ("adbots", "operations", "private_ids", "schedules"),
    "forwarder": ("clients", "cycles", "denials", "releases", "stops"),
    "gateway": (
        "accounts",
        "adbots",
        "attention",
        "deliveries",
        "denials",
        "notifications",
        "operations",
        "order_history",
        "orders",
        "outbox",
        "private_ids",
        "products",
        "statistics",
        "stock",
    ),
}
"""The projections by service."""
CATEGORIES: dict[str, str] = {
    "order": "billing",
    "product": "billing",
    "adbot": "provisioning",
    "pair": "provisioning",
    "session": "provisioning",
    "confirmations": "scheduler",
    "schedule": "scheduler",
    "permissions": "scheduler",
    "operations": "scheduler",
    "apipair": "forwarder",
    "client": "forwarder",
    "cycle": "forwarder",
    "access": "forwarder",
    "account": "gateway",
    "inbox": "gateway",
}
"""The services by stream category, which is the part of a stream's name before the first hyphen."""
