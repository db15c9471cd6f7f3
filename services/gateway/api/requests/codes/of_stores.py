"""Codes of problems with what operators ask about services' stores, readers and tables."""

from services.gateway.api.requests.codes.meaning import CONFLICT, MISSING, Codes, Meaning

STORES: Codes = {
    "unknown_dead_letter": Meaning(
        MISSING,
        "The reader has no such dead letter: it was handled or dropped meanwhile.",
        "Compare with `GET /admin/dead-letters`.",
    ),
    "unknown_table": Meaning(
        MISSING, "The service folds no such table.", "Choose one of `GET /admin/tables`."
    ),
    "tables_busy": Meaning(
        CONFLICT,
        "Tables of the service are being rebuilt or checked, by one of its processes or by a command.",
        "Wait until that has ended; `GET /admin/tables` shows rebuilds.",
    ),
}
