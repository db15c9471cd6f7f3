"""Finds what keeps a service's role from being confined to its own database, without a superuser."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from libs.chassis.database import guarded_connection
from libs.chassis.database_roles import FORBIDDEN_ATTRIBUTES, TOOLS_MEMBER_OF, quoted
from libs.chassis.role_queries import (
    ATTRIBUTES,
    CHANGEABLE,
    FOREIGN_OBJECTS,
    GRANTED,
    MEMBER_OF,
    MEMBERS,
    OWNER,
    REACHES,
    UNREADABLE,
)


@dataclass(frozen=True)
class RoleFacts:
    """What a role is and may do, as seen from one database."""

    role: str
    database: str
    attributes: tuple[str, ...]
    """Those that no role of a service or of tools may have."""
    member_of: frozenset[str]
    members: frozenset[str]
    """The roles that may do what this one may."""
    owner: str
    """The role that owns the database."""
    granted: frozenset[tuple[str | None, str]]
    """What was granted on the database to others than its owner: the role, None for everybody, and what."""
    foreign_objects: int
    """How many objects in the database belong to others than its owner."""
    reaches: tuple[str, ...]
    """The databases of others to which the role may connect; those of this one's owner are not among them."""
    unreadable: int
    """How many schemas and tables of the database the role can't read."""
    changeable: int
    """How many schemas and tables of the database the role may change."""


async def role_facts(url: str) -> RoleFacts:
    """Return the facts about the role of a URL; raise one of `UNUSABLE` if they can't be asked for."""
    async with guarded_connection(url) as connection:
        row = await connection.fetchrow("select current_user as role, current_database() as database")
        assert row is not None  # noqa: S101 - the query always returns a row
        role, database = str(row["role"]), str(row["database"])
        attributes = await connection.fetchrow(ATTRIBUTES, role)
        assert attributes is not None  # noqa: S101 - it is the role that asks
        owner = str(await connection.fetchval(OWNER, database))
        return RoleFacts(
            role,
            database,
            tuple(word for column, word in FORBIDDEN_ATTRIBUTES.items() if attributes[column]),
            frozenset(one["granted"] for one in await connection.fetch(MEMBER_OF, quoted(role))),
            frozenset(one["member"] for one in await connection.fetch(MEMBERS, quoted(role))),
            owner,
            frozenset((one["role"], one["privilege"]) for one in await connection.fetch(GRANTED, database)),
            len(await connection.fetch(FOREIGN_OBJECTS, quoted(owner))),
            tuple(one["datname"] for one in await connection.fetch(REACHES)),
            len(await connection.fetch(UNREADABLE, role)),
            len(await connection.fetch(CHANGEABLE, role)),
        )


def service_problems(
    service: str,
    known: Mapping[str, RoleFacts],
    tools: str | None,
    *,
    closed: Collection[str] = (),
    whole_server: bool = False,
) -> list[str]:
    """Return what is wrong with a service's role, given the known facts by service, and its tools' role.

    It is wrong that it may connect to a database of another service: to those of the known ones, and to those
    that are to be `closed`. With `whole_server`, any other database is.
    """
    facts = known[service]
    found = _common_problems(facts, frozenset())
    sharing = sorted(name for name, other in known.items() if other.role == facts.role and name != service)
    if sharing:
        found.append(f"{facts.role} is the role of {', '.join(sharing)} too")
    if facts.owner != facts.role:
        found.append(f"{facts.database} belongs to {facts.owner} instead of {facts.role}")
    if facts.foreign_objects:
        found.append(f"{facts.foreign_objects} objects in {facts.database} do not belong to {facts.owner}")
    wanted: set[tuple[str | None, str]] = set() if tools is None else {(tools, "CONNECT")}
    for role in sorted({role or "everybody" for role, _ in facts.granted - wanted}):
        found.append(f"{role} may connect to {facts.database}, or do more there")
    wrong = {other.database for other in known.values()} | {*closed}
    found += _reached(facts, facts.reaches if whole_server else wrong)
    return found


def tools_problems(
    known: Mapping[str, RoleFacts], *, closed: Collection[str] = (), whole_server: bool = False
) -> list[str]:
    """Return what is wrong with the tools' roles, given the facts of each by the service whose it reads.

    For `closed` and `whole_server` see `service_problems`.
    """
    found: list[str] = []
    wrong = {other.database for other in known.values()} | {*closed}
    for facts in known.values():
        found += _common_problems(facts, frozenset(TOOLS_MEMBER_OF))
        if facts.owner == facts.role:
            found.append(f"{facts.role} owns {facts.database}")
        else:
            if facts.unreadable:
                found.append(f"{facts.role} can't read {facts.unreadable} objects in {facts.database}")
            if facts.changeable:
                found.append(f"{facts.role} may change {facts.changeable} objects in {facts.database}")
        found += _reached(facts, facts.reaches if whole_server else wrong)
    return list(dict.fromkeys(found))


def _reached(facts: RoleFacts, wrong: Collection[str]) -> list[str]:
    return [f"{facts.role} may connect to {database}" for database in facts.reaches if database in wrong]


def _common_problems(facts: RoleFacts, wanted: frozenset[str]) -> list[str]:
    found = [f"{facts.role} has the attribute {word}" for word in facts.attributes]
    found += [f"{facts.role} is a member of {other}" for other in sorted(facts.member_of - wanted)]
    found += [f"{facts.role} is no member of {other}" for other in sorted(wanted - facts.member_of)]
    found += [f"{other} is a member of {facts.role}" for other in sorted(facts.members)]
    return found
