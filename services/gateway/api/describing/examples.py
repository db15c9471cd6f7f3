"""Examples of requests and answers, composed of the examples of their fields."""

from collections.abc import Mapping
from typing import Any, cast

Schema = Mapping[str, Any]

_REF = "#/components/schemas/"
_FORMATS: Mapping[str, object] = {
    "uuid": "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c",
    "date-time": "2026-05-01T12:00:00Z",
    "date": "2026-05-01",
    "password": "<secret>",
}
_FIELDS: Mapping[str, object] = {
    "about": "this account in the group",
    "access_code": "USER-4T7KQ-9XW2M-HC6RD-1ZVPA",
    "api_hash": "0123456789abcdef0123456789abcdef",
    "begin": "22:00",
    "channel": "@channel",
    "chat": "@group",
    "code": "bronze",
    "coin": "BTC",
    "detail": "",
    "email": "client@example.com",
    "end": "07:00",
    "error": "",
    "failures": {"SLOW_MODE": 1},
    "file": "@group\nt.me/other/7\n",
    "following": "MjAyNi0wNS0wMVQxMjowMDowMCswMDowMCAxNyAw",
    "group": "@group",
    "groups": ["@group", "@other/7"],
    "interval": "an hour",
    "last_error": "SLOWMODE_WAIT_17",
    "left_out_because": {"STILL_NEWEST": 2},
    "licence": "LIC-7QX4-MD2H-K9TW",
    "memo": None,
    "name": "Bronze",
    "next": None,
    "number": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "order": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "order_number": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
    "pay_address": "bc1q9h7garjlz5ydrmd6ag2rzv4mm8f8dwrx",
    "pay_currency": "BTC",
    "payment": "5000000001",
    "payment_uri": "bitcoin:bc1q9h7garjlz5ydrmd6ag2rzv4mm8f8dwrx?amount=0.000456",
    "phone": "+49…17",
    "plan": "bronze",
    "plan_name": "Bronze",
    "price_usd": "30",
    "qr_svg": "data:image/svg+xml;charset=utf-8,%3Csvg…",
    "reason": "asked by the client",
    "rest_error": "FLOOD_WAIT_300",
    "session": "+49…17",
    "text": "Two rooms, one lake.",
    "time_zone": "Europe/Berlin",
    "times": ["09:30"],
    "token": "eyJhbGciOiJIUzI1NiIs…",
    "worker": "worker-1",
}
"""Examples of texts by the names of their fields, where a field has none of its own."""


class WithoutExample(Exception):
    """A field has no example: add one to the field, or to the names here."""


class Examples:
    """Composes examples of the schemas of one OpenAPI document."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, schema: Schema, name: str = "", *, sent: bool = False) -> Any:  # noqa: ANN401 - JSON
        """Return an example of a schema, of the field `name`; raise `WithoutExample`.

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
            return self._first(alternatives, name, sent=sent)
        return self._by_type(schema, name, sent=sent)

    def _first(self, alternatives: list[Schema], name: str, *, sent: bool) -> Any:  # noqa: ANN401 - JSON
        if name in _FIELDS and _FIELDS[name] is None:
            return None
        return self.of(alternatives[0], name, sent=sent)

    def _by_type(self, schema: Schema, name: str, *, sent: bool) -> Any:  # noqa: ANN401 - JSON
        match schema.get("type"):
            case "object":
                return self._object(schema, name, sent=sent)
            case "array" if name not in _FIELDS:
                return [self.of(schema["items"], name, sent=sent)] if "items" in schema else []
            case "boolean":
                return schema.get("default", False)
            case "integer" | "number":
                return schema.get("default", max(schema.get("minimum", 1), 1))
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _object(self, schema: Schema, name: str, *, sent: bool) -> Any:  # noqa: ANN401 - JSON
        if "properties" not in schema:
            return _FIELDS.get(name, {})
        fields = cast("Mapping[str, Schema]", schema["properties"])
        required = schema.get("required", ())
        wanted = {
            name: field
            for name, field in fields.items()
            if not sent or name in required or "examples" in field
        }
        return {name: self.of(field, name, sent=sent) for name, field in (wanted or fields).items()}

    def _text(self, schema: Schema, name: str) -> object:
        if name in _FIELDS:
            return _FIELDS[name]
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if schema.get("default") is not None:
            return schema["default"]
        message = f"{name}: {schema}"
        raise WithoutExample(message)
