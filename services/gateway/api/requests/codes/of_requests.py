"""Codes of problems with the request itself, or this server."""

from http import HTTPStatus

from services.gateway.api.requests.codes.meaning import (
    BAD,
    CONFLICT,
    INVALID,
    MISSING,
    TOO_LARGE,
    TOO_MANY,
    UNAVAILABLE,
    Codes,
    Meaning,
)

REQUESTS: Codes = {
    "invalid_request": Meaning(
        INVALID,
        "A field of the request has a wrong form. `errors` names each field and what it must be.",
        "Change the fields that are named.",
    ),
    "malformed_request": Meaning(
        BAD, "The request can't be read, for example as its body is no form.", "Correct the request."
    ),
    "not_found": Meaning(MISSING, "There is no such path.", "Compare the path with this document."),
    "method_not_allowed": Meaning(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "The path exists, but not for this method.",
        "Use one of the methods of the header `Allow`.",
    ),
    "unsupported_media_type": Meaning(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is of a media type that the route does not read.",
        "Send `Content-Type: application/json`, or what the route names.",
    ),
    "body_too_large": Meaning(
        TOO_LARGE,
        "The body is larger than 8 KiB without a valid token, or 512 KiB with one.",
        "Send less, or the token.",
    ),
    "file_too_large": Meaning(TOO_LARGE, "The file is larger than the route reads.", "Send a smaller file."),
    "unreadable_file": Meaning(
        INVALID,
        "The file of groups can't be read: `detail` says where and why.",
        "Save it as text or CSV in UTF-8.",
    ),
    "compressed_body": Meaning(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is compressed.",
        "Send it as it is, without `Content-Encoding`.",
    ),
    "headers_too_large": Meaning(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The headers are larger, or more, than the server reads.",
        "Send fewer and shorter headers.",
    ),
    "header_timeout": Meaning(
        HTTPStatus.REQUEST_TIMEOUT, "The headers took too long to arrive.", "Send the request again."
    ),
    "body_timeout": Meaning(
        HTTPStatus.REQUEST_TIMEOUT, "The body took too long to arrive.", "Send the request again."
    ),
    "malformed_idempotency_key": Meaning(
        BAD,
        "`Idempotency-Key` is not 1 to 200 printable ASCII characters, or can be guessed where it must not.",
        "Send a random key such as a UUID.",
    ),
    "idempotency_key_reused": Meaning(
        INVALID,
        "The key belongs to another request of the same caller.",
        "Draw a new key for each request; use it again only to repeat this request.",
    ),
    "request_in_progress": Meaning(
        CONFLICT,
        "The first request under this key has not been answered yet.",
        "Repeat it after `Retry-After` seconds: the answer is that of the first.",
    ),
    "too_many_requests": Meaning(
        TOO_MANY, "A limit of requests is reached.", "Wait for `Retry-After` seconds."
    ),
    "too_many_listeners": Meaning(
        TOO_MANY,
        "The account, or the server, has as many live connections as it may.",
        "Close one, or read the log instead.",
    ),
}
SERVER: Codes = {
    "service_unavailable": Meaning(
        UNAVAILABLE,
        "A part of the service does not answer at the moment. A write may have been carried out.",
        "Repeat the request after `Retry-After` seconds, a write under the same `Idempotency-Key`.",
    ),
    "starting": Meaning(
        UNAVAILABLE, "The server is starting.", "Repeat the request after `Retry-After` seconds."
    ),
    "overloaded": Meaning(
        UNAVAILABLE,
        "As many requests are in progress as the server takes.",
        "Repeat the request after `Retry-After` seconds.",
    ),
    "too_many_connections": Meaning(
        UNAVAILABLE,
        "As many connections are open as the server, or your network address, may have.",
        "Close some, and repeat the request after `Retry-After` seconds.",
    ),
    "internal_error": Meaning(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "An error of this server.",
        "Repeat the request once; if it fails again, report the `correlation_id`.",
    ),
    "invalid_command": Meaning(
        INVALID,
        "A service of another version refuses what the gateway sent.",
        "Report the `correlation_id`: the versions of the services do not fit together.",
    ),
}
