"""Names that completion offers without importing what they name; a test compares them with that."""

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
