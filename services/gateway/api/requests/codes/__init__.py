"""The codes of all problems: each has one status for ever, a meaning, and a remedy."""

from collections.abc import Mapping

from services.gateway.api.requests.codes.meaning import Codes, Meaning
from services.gateway.api.requests.codes.of_access import ACCESS, SIGNING_IN
from services.gateway.api.requests.codes.of_adbots import (
    ADBOTS,
    ADVERTISEMENTS,
    OPERATIONS,
    PACING,
    POST_CHECKS,
)
from services.gateway.api.requests.codes.of_orders import NOTIFICATIONS, ORDERS
from services.gateway.api.requests.codes.of_requests import REQUESTS, SERVER
from services.gateway.api.requests.codes.of_stock import BETWEEN_SERVICES, STOCK
from services.gateway.api.requests.codes.of_stores import STORES
from services.gateway.api.requests.codes.of_webhooks import WEBHOOKS

SECTIONS: Mapping[str, Codes] = {
    "Requests": REQUESTS,
    "Access": ACCESS,
    "Signing in, devices and API keys": SIGNING_IN,
    "The server": SERVER,
    "Plans and orders": ORDERS,
    "The provider's notifications": NOTIFICATIONS,
    "Adbots": ADBOTS,
    "Posts, groups and group lists": ADVERTISEMENTS,
    "Pacing": PACING,
    "Post checks": POST_CHECKS,
    "The operator's switches, notices and notifications": OPERATIONS,
    "Outgoing webhooks": WEBHOOKS,
    "Stock": STOCK,
    "Stores, readers and tables": STORES,
    "Between services": BETWEEN_SERVICES,
}
"""The codes by what they are about. The last ones are refusals that the services handle among themselves."""
CODES: Codes = {code: meaning for codes in SECTIONS.values() for code, meaning in codes.items()}

__all__ = ["CODES", "SECTIONS", "Codes", "Meaning"]
