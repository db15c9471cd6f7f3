"""Adds to the OpenAPI document what all operations have in common."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any, cast

from services.gateway.api.describing.examples import Examples
from services.gateway.api.describing.refusals import own_codes, usual_codes
from services.gateway.api.requests.codes import CODES
from services.gateway.api.requests.idempotency import HEADER, LONGEST_KEY, REPLAYED, WRITES
from services.gateway.api.requests.problems import MEDIA_TYPE, WITH_RETRY, Problem

Operation = dict[str, Any]

_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}
_KEY: Mapping[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A random text, such as a UUID, that stands for this request: repeated under the same key "
    "within 24 hours by the same caller, it is answered with the stored answer and the header "
    f"`{REPLAYED}: true`, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "example": "0b9c1b0e-1d0c-4a57-9a8f-6f1f0f5f2d7a",
}
_RETRY = {
    "Retry-After": {
        "description": "After how many seconds to repeat the request.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_REPLAYED = {
    REPLAYED: {
        "description": "`true` if this is the stored answer of an earlier request under the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
_ALWAYS = frozenset({422, 503})
_EXAMPLES = "#/components/examples/"
_OURS = ("libs.events.", "services.gateway.")
_CORRELATION_ID = "01a1fb49-e9e9-7537-8cc6-965c390803d2"
_PATH_PARAMETERS: Mapping[str, str] = {
    "adbot_id": "An adbot's id, as lists of adbots show it.",
    "check_id": "The id of a post check, as its request returned it.",
    "correlation_id": "The correlation id that events share.",
    "device_id": "The id of a device that is signed in.",
    "event_id": "The id of an event.",
    "key_id": "The id of an API key; not the key itself.",
    "list_id": "The id of a group list.",
    "message_id": "The id of a message, as the webhook's deliveries show it.",
    "notice_id": "The id of a notice.",
    "order_number": "An order's number.",
    "session_id": "The id of a session in stock.",
    "service": "A service.",
    "table": "A table of the service.",
    "webhook_id": "The id of a webhook.",
}
"""What the parameters in paths mean, wherever they occur."""
MEANINGS: Mapping[int, str] = {
    400: "The request is malformed.",
    401: "No valid token, or no valid signature.",
    403: "Not allowed for this caller.",
    404: "It does not exist, or belongs to another account.",
    408: "The body took too long to arrive.",
    409: "Refused in the current state.",
    413: "The body is too large.",
    415: "The body's media type is not accepted.",
    422: "A field is invalid.",
    429: "Too many requests; repeat after `Retry-After` seconds.",
    502: "The payment provider refuses to create this payment.",
    503: "A dependency does not answer; repeat after `Retry-After` seconds.",
}
"""The descriptions of the statuses of problems."""


def complete(document: dict[str, Any]) -> set[str]:
    """Add the key of writes, what paths and problems mean, and examples.

    Return the names of fields without an example.
    """
    components = document["components"]
    examples = Examples(components["schemas"])
    _describe_values(components["schemas"])
    for path, method, operation in _operations(document):
        writes = method.upper() in WRITES
        keyed = writes and bool(operation.get("security"))  # a key belongs to a caller
        if keyed:
            operation.setdefault("parameters", []).append(dict(_KEY))
            for status, response in operation["responses"].items():
                if status < "400":
                    response["headers"] = _REPLAYED
        _describe_path(operation)
        _describe_problems(operation, path, writes=writes, keyed=keyed)
        _add_examples(operation, examples)
    components["examples"] = {code: _example(code) for code in sorted(_named(document))}
    return examples.missing


def _describe_values(schemas: Mapping[str, dict[str, Any]]) -> None:
    """Add the docstrings of the members of enumerations to their descriptions."""
    known = {kind.__name__: kind for kind in StrEnum.__subclasses__() if kind.__module__.startswith(_OURS)}
    for name, schema in schemas.items():
        if "enum" in schema and name in known:
            texts = [f"* `{value}`: {text}" for value, text in _docstrings_of(known[name]).items()]
            if texts:
                schema["description"] = "\n".join([schema.get("description", ""), "", *texts])


def _docstrings_of(kind: type[StrEnum]) -> dict[str, str]:
    """Return the docstrings of an enumeration's members, by their values."""
    [defined] = ast.parse(inspect.getsource(kind)).body
    found: dict[str, str] = {}
    for member, after in pairwise(cast("ast.ClassDef", defined).body):
        match member, after:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[kind[name].value] = " ".join(text.split())
            case _:
                pass
    return found


def _named(document: Mapping[str, Any]) -> set[str]:
    """Return the codes that the problems of any operation may have."""
    return {
        code
        for _, _, operation in _operations(document)
        for response in operation["responses"].values()
        for code in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", ())
    }


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _describe_path(operation: Operation) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] in _PATH_PARAMETERS:
            parameter.setdefault("description", _PATH_PARAMETERS[parameter["name"]])


def _describe_problems(operation: Operation, path: str, *, writes: bool, keyed: bool) -> None:
    responses: dict[str, Any] = operation["responses"]
    authorized = bool(operation.get("security"))
    own = own_codes(operation["operationId"], path)
    statuses = {int(status) for status in responses if status >= "400"} | _ALWAYS | set(own)
    if writes:
        statuses |= {400, 408, 413}
    else:
        statuses.add(429)
    if authorized:
        statuses |= {401, 403, 429}
    if keyed:
        statuses.add(409)
    if "requestBody" in operation:
        statuses.add(415)
    for status in sorted(statuses):
        usual = usual_codes(status, keyed=keyed, authorized=authorized, for_operators="/admin/" in path)
        responses[str(status)] = _response(status, [*own.get(status, ()), *usual])


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    described = [f"* `{code}`: {CODES[code].meaning}" for code in codes]
    response: dict[str, Any] = {
        "description": "\n".join([MEANINGS[status], *([""] if described else []), *described]),
        "content": {
            MEDIA_TYPE: {
                "schema": _PROBLEM,
                "examples": {code: {"$ref": f"{_EXAMPLES}{code}"} for code in codes},
            }
        },
    }
    if status in WITH_RETRY:
        response["headers"] = _RETRY
    return response


def _example(code: str) -> dict[str, Any]:
    one = CODES[code]
    problem: dict[str, Any] = {
        "type": f"urn:adrelay:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": one.status.value,
        "code": code,
        "detail": one.remedy,
        "correlation_id": _CORRELATION_ID,
    }
    if code == "invalid_request":
        field = {"field": "body.email", "message": "must be an e-mail address such as client@example.com"}
        problem |= {"detail": f"{field['field']}: {field['message']}", "errors": [field]}
    return {"value": problem}


def _add_examples(operation: Operation, examples: Examples) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        _add_example(media, examples, sent=True)
    for status, response in operation["responses"].items():
        if status < "400":
            for media in response.get("content", {}).values():
                _add_example(media, examples, sent=False)
    for parameter in operation.get("parameters", ()):
        if "example" not in parameter and "examples" not in parameter:
            parameter["example"] = examples.of(parameter["schema"], parameter["name"])


def _add_example(media: dict[str, Any], examples: Examples, *, sent: bool) -> None:
    if "schema" in media and "example" not in media and "examples" not in media:
        media["example"] = examples.of(media["schema"], sent=sent)
