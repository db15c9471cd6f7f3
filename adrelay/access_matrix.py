"""Which caller gets which answer from which kind of route: for the page of access, and for its test."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from libs.events.gateway import Scope

PREFIX = "/api/v1"
_ADMIN = (f"{PREFIX}/admin/", "/api/admin/")
_EITHER = "/api/adbots/{adbot_id}/"


class Kind(StrEnum):
    """The kinds of routes."""

    ANYBODY = "anybody"
    OWN_READ = "the caller's own, `read`"
    OWN_WRITE = "the caller's own, other scopes"
    NAMED_READ = "one of an account, `read`"
    NAMED_WRITE = "one of an account, other scopes"
    EITHER_READ = "one of an account, `read`, or any, `admin`"
    EITHER_WRITE = "one of an account, other scopes, or any, `admin`"
    """The routes of existing front ends about an adbot are for its owner and for operators."""
    OPERATORS = "`admin`"


class Caller(StrEnum):
    """The callers that routes tell apart."""

    NOBODY = "nobody: no credential"
    OWNER = "the account that it belongs to"
    OTHER = "another client"
    RESELLER = "a reseller"
    KEY = "an API key of the account with the scope `read`"
    SUSPENDED = "an account that is suspended"
    BARE_ADMIN = "an admin without a second factor"
    ADMIN = "an admin with a second factor"
    OPERATORS_TOKEN = "the operator's token"  # noqa: S105 - not a secret


YES = "yes"
KINDS = tuple(kind for kind in Kind if kind is not Kind.ANYBODY)
"""The kinds that take a credential, in the order of the answers below."""
_ANSWERS: Mapping[Caller, tuple[str, ...]] = {
    Caller.NOBODY: ("401", "401", "401", "401", "401", "401", "401"),
    Caller.OWNER: (YES, YES, YES, YES, YES, YES, "403"),
    Caller.OTHER: (YES, YES, "404", "404", "404", "404", "403"),
    Caller.RESELLER: (YES, YES, "404", "404", "404", "404", "403"),
    Caller.KEY: (YES, "403", YES, "403", YES, "403", "403"),
    Caller.SUSPENDED: ("403", "403", "403", "403", "403", "403", "403"),
    Caller.BARE_ADMIN: (YES, YES, "404", "404", "404", "404", "403"),
    Caller.ADMIN: (YES, YES, "404", "404", YES, YES, YES),
    Caller.OPERATORS_TOKEN: ("403", "403", "403", "403", YES, YES, YES),
}


def answer_to(caller: Caller, kind: Kind) -> str:
    """Return the status with which a caller is refused by a kind of route, `yes` if it is not refused."""
    return _ANSWERS[caller][KINDS.index(kind)]


def kind_of(path: str, operation: Mapping[str, Any]) -> Kind:
    """Return the kind of an operation of the OpenAPI document, by its path and the scopes that it names."""
    scopes = scopes_of(operation)
    if not scopes:
        return Kind.ANYBODY
    if path.startswith(_ADMIN):
        return Kind.OPERATORS
    reads = scopes == [Scope.READ.value]
    if path.startswith(_EITHER):
        return Kind.EITHER_READ if reads else Kind.EITHER_WRITE
    if "{" in path:
        return Kind.NAMED_READ if reads else Kind.NAMED_WRITE
    return Kind.OWN_READ if reads else Kind.OWN_WRITE


def scopes_of(operation: Mapping[str, Any]) -> list[str]:
    """Return the scopes of an operation, without `read` where another one includes it; none for anybody."""
    schemes = operation.get("security", [{}])
    found = {
        scope for scheme in schemes for scopes in scheme.values() for scope in scopes if {} not in schemes
    }
    return sorted(found - {Scope.READ.value}) or sorted(found)


def matrix() -> list[str]:
    """Return the lines of the table."""
    lines = [f"| caller | {' | '.join(KINDS)} |", "| --- |" + " --- |" * len(KINDS)]
    return lines + [f"| {caller} | {' | '.join(answers)} |" for caller, answers in _ANSWERS.items()]
