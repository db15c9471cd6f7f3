"""Examples of requests and answers, composed of the examples of their fields."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_REF = "#/components/schemas/"
_FORMATS: Mapping[str, object] = {
    "uuid": "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c",
    "date-time": "2026-05-01T12:00:00Z",
    "date": "2026-05-01",
    "password": "<secret>",
}
_KINDS: Mapping[str, object] = {"boolean": False, "integer": 1, "number": 1, "object": {}}
_TYPES: Mapping[str, type] = {"string": str, "integer": int, "number": int, "array": list, "object": dict}
_FIELDS: Mapping[str, object] = {
    "actor": "admin:5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c",
    "address": "192.0.2.7",
    "advice": "Add sessions: `adrelay stock add`.",
    "agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "api_key": "<secret>",
    "about": "this account in the group",
    "access_code": "USER-4T7KQ-9XW2M-HC6RD-1ZVPA",
    "api_hash": "0123456789abcdef0123456789abcdef",
    "begin": "22:00",
    "account": "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c",
    "amount": "0.000456",
    "awaited": 0,
    "blocked_groups": [],
    "channel": "@channel",
    "chat": "@group",
    "checkout_token": "9QmT3vVxk2cYtJ0r5sLw8bNqZ1aHfGdE7uPiKoRyXcM",
    "code": "bronze",
    "coin": "BTC",
    "body": "",
    "csrf_token": "<secret>",
    "currency": "BTC",
    "cursor": "MjAyNi0wNS0wMVQxMjowMDowMCswMDowMCAxNyAw",
    "description": "An adbot has stopped.",
    "detail": "",
    "email": "client@example.com",
    "end": "07:00",
    "error": "",
    "failures": {"SLOW_MODE": 1},
    "excess": "0.000014",
    "expires_in": 43200,
    "file": "@group\nt.me/other/7\n",
    "group": "@group",
    "group_id": "-1001234567890",
    "group_name": "@group",
    "groups": ["@group", "@other/7"],
    "events": ["adbot.stopped"],
    "last_address": "192.0.2.7",
    "last_error": "SLOWMODE_WAIT_17",
    "last-event-id": "742-17-0",
    "left_out_because": {"STILL_NEWEST": 2},
    "interval_seconds": 3600,
    "licence": "LIC-7QX4-MD2H-K9TW",
    "memo": None,
    "message": 42,
    "messages": [1017],
    "method": "resolve",
    "missing": "0.000056",
    "name": "Bronze",
    "next": None,
    "note": "",
    "number": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "off_detail": "",
    "operation": "suspend_account",
    "order": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "order_number": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "outcome": "done",
    "paid": "0.0004",
    "path": "/api/v1/admin/accounts/5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c/suspend",
    "paymentId": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "pay_address": "bc1q9h7garjlz5ydrmd6ag2rzv4mm8f8dwrx",
    "pay_currency": "BTC",
    "payment": "5000000001",
    "payment_uri": "bitcoin:bc1q9h7garjlz5ydrmd6ag2rzv4mm8f8dwrx?amount=0.000456",
    "phone": "+49…17",
    "plan": "bronze",
    "plan_name": "Bronze",
    "post_content": "https://t.me/channel/42",
    "price_usd": "30",
    "qr_svg": "data:image/svg+xml;charset=utf-8,%3Csvg…",
    "reason": "asked by the client",
    "ref": "@group",
    "refresh_token": "<secret>",
    "rest_error": "FLOOD_WAIT_300",
    "secret": "<secret>",
    "second_of": None,
    "session": "+49…17",
    "stop_detail": None,
    "summary": "All seats can read the post and forward it.",
    "subject": "",
    "suspend_reason": None,
    "suspended_for": None,
    "table": "orders",
    "text": "Two rooms, one lake.",
    "ticket": "<secret>",
    "time_zone": "Europe/Berlin",
    "times": ["09:30"],
    "token": "eyJhbGciOiJIUzI1NiIs…",
    "type": "adbot.stopped",
    "unreachable": 0,
    "unreachable_error": None,
    "uri": "otpauth://totp/Adrelay:client%40example.com?secret=<secret>&issuer=Adrelay",
    "url": "https://example.org/adrelay",
    "validity_days": 30,
    "warning": None,
    "x-nowpayments-sig": "3d6b…",
    "worker": "worker-1",
}
"""Examples by the names of fields that have none of their own."""


class Examples:
    """Composes examples of the schemas of one OpenAPI document."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self.missing = set[str]()
        """The names of fields without an example: add one to the field, or to the names here."""

    def of(self, schema: Schema, name: str = "", *, sent: bool = False) -> Any:  # noqa: ANN401 - JSON
        """Return an example of a schema, of the field `name`.

        One that is `sent` has the fields that are required, and those with an example of their own.
        """
        if reference := schema.get("$ref"):
            return self.of(self._schemas[str(reference).removeprefix(_REF)], name, sent=sent)
        if found := schema.get("examples"):
            return found[0]
        for key in ("example", "const"):
            if key in schema:
                return schema[key]
        if "enum" in schema:
            return schema["enum"][0]
        if alternatives := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            unset = name in _FIELDS and _FIELDS[name] is None
            return None if unset else self.of(alternatives[0], name, sent=sent)
        return self._by_type(schema, name, sent=sent)

    def _by_type(self, schema: Schema, name: str, *, sent: bool) -> Any:  # noqa: ANN401 - JSON
        kind = schema.get("type")
        if "properties" in schema:
            return self._object(schema["properties"], schema.get("required", ()), sent=sent)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if isinstance(named := _FIELDS.get(name), _TYPES.get(str(kind), ())):
            return named
        if kind == "array":
            return [self.of(schema["items"], name, sent=sent)]
        found = schema.get("default", _KINDS.get(str(kind)))
        if found is None and kind != "null" and schema:  # without a schema there is no content
            self.missing.add(name)
        return found

    def _object(self, fields: Mapping[str, Schema], required: Sequence[str], *, sent: bool) -> dict[str, Any]:
        wanted = {
            name: field
            for name, field in fields.items()
            if not sent or name in required or "examples" in field
        }
        return {name: self.of(field, name, sent=sent) for name, field in (wanted or fields).items()}
