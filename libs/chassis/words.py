"""Texts of validation errors, for people: without regular expressions and names of classes or libraries."""

from collections.abc import Mapping
from typing import Any, cast, get_args

from libs.events.cadence import LocalTime, TimeZone
from libs.events.operations.explorer import EventTypeName, StreamName, StreamPrefix
from libs.events.values import ChannelRef, Coin, EmailAddress, GroupRef, OrderNumber, PaymentId, PlanCode

_UNKNOWN_FORM = "does not have the form that is asked for"
_FORMS: Mapping[str, str] = {
    next(part.pattern for part in get_args(kind) if getattr(part, "pattern", None)): text
    for kind, text in (
        (OrderNumber, "must be an order number such as HQADZ-MWPM0SFH-9J8ZHS6IAHLL"),
        (PlanCode, "must be a plan's code such as bronze: 2 to 32 small letters, digits and hyphens"),
        (PaymentId, "must be a payment's id: up to 64 letters, digits, hyphens and underscores"),
        (Coin, "must be a coin in capitals, such as BTC"),
        (EmailAddress, "must be an e-mail address such as client@example.com"),
        (GroupRef, "must be a group such as @name, +invitehash or -1001234567890, with /topic if it has one"),
        (TimeZone, "must be the name of a time zone such as Europe/Berlin"),
        (LocalTime, "must be a time of day such as 09:30"),
        (StreamName, "must be a stream's name such as order-HQADZ-MWPM0SFH-9J8ZHS6IAHLL"),
        (StreamPrefix, "must be the beginning of a stream's name, such as order-"),
        (EventTypeName, "must be the type of an event, such as OrderPlaced"),
        (ChannelRef, "must be a channel such as @name or -1001234567890"),
    )
}
"""What a type's regular expression stands for."""
_KINDS: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here; is it misspelt?",
    "json_invalid": "is no valid JSON",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "finite_number": "must be a finite number",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "bytes_too_long": "must have at most {max_length} bytes",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "union_tag_invalid": "must say one of {expected_tags} as its {discriminator}",
    "union_tag_not_found": "must say what it is",
    "decimal_max_digits": "must have at most {max_digits} digits",
    "decimal_max_places": "must have at most {decimal_places} digits behind the point",
    "decimal_whole_digits": "must have at most {whole_digits} digits before the point",
    "none_required": "must be empty",
    "string_type": "must be a text",
    "string_unicode": "must be a text",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "timezone_aware": "must have a time zone, such as Z",
}
"""Texts by pydantic's error type."""
_BEGINNINGS: Mapping[str, str] = {
    "int_": "must be a whole number",
    "float_": "must be a number",
    "decimal_": "must be an amount such as 30.00",
    "bool_": "must be true or false",
    "uuid_": "must be an id such as 5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c",
    "datetime_": "must be a time such as 2026-05-01T12:00:00Z",
    "date_": "must be a day such as 2026-05-01",
    "time_delta_": "must be a duration in seconds",
    "list_": "must be a list",
    "tuple_": "must be a list",
    "set_": "must be a list",
    "frozen_set_": "must be a list",
    "dict_": "must be an object",
    "mapping_": "must be an object",
    "bytes_": "must be bytes",
    "url_": "must be a URL",
}


def wrong(problem: Mapping[str, Any]) -> str:
    """Return the text of a pydantic error; the value itself is not in it."""
    kind = str(problem.get("type", ""))
    context = cast("Mapping[str, Any]", problem.get("ctx") or {})
    if kind in {"", "value_error"} and "reason" not in context:  # a text of ours
        return str(problem.get("msg", "")).removeprefix("Value error, ") or _UNKNOWN_FORM
    if kind == "string_pattern_mismatch":
        return _FORMS.get(str(context.get("pattern")), _UNKNOWN_FORM)
    if context.get("min_length") == 1:
        return "is empty"
    text = _KINDS.get(kind) or next(
        (text for begin, text in _BEGINNINGS.items() if kind.startswith(begin)), None
    )
    try:
        return (text or _UNKNOWN_FORM).format_map(context)
    except KeyError:
        return _UNKNOWN_FORM
