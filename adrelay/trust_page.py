"""The page of who may do what on the broker and in the databases."""

from collections.abc import Sequence

from libs.chassis.broker_permissions import OPERATOR, permissions_of
from libs.chassis.database_roles import (
    FORBIDDEN_ATTRIBUTES,
    ServiceRole,
    member_of,
    standard_roles,
    tools_role_of,
)
from libs.chassis.signing import FRESH_SECONDS
from libs.events.categories import SERVICES

_BROKER = f"""# Trust

## The broker

Each service has a user of NATS, and the operator's tools have `{OPERATOR}`, who alone may create, change,
purge and delete streams. `adrelay up` and `docker-compose.yml` set this up; for a server of your own see
[secure the broker](../how-to/secure-the-broker.md). With `ADRELAY_NATS_PREFIX`, that is put before each
subject and before `EVENTS`.

A service publishes its own events and its fencing token, reads the stream, and answers what it is sent.
The gateway alone sends commands and asks questions.

**Commands and questions are signed.** Whoever may read the stream can have the server deliver stored
messages to any subject. So the gateway signs each command and question with a key that nobody else has
(`ADRELAY_GATEWAY_COMMAND_KEY`, Ed25519): its subject, its body, all headers of Adrelay, among them the
actor, and the time. A service refuses others with `not_signed` (the question for health, which is put to
all services, it leaves unanswered), logs `message.not_signed` and counts
`adrelay_unsigned_messages_total`; also if the time differs from its clock by more than
{FRESH_SECONDS:.0f} seconds. A batch of commands is signed as one message. A signed command that comes
again is carried out once, by its id. A question has no id: one that retries, drops or rebuilds can be
sent again within these seconds by whoever records the connection, so use TLS between machines.

What a service can still do with its user: read all events, and create consumers, which cost the server
memory. Events contain no secrets. Answers are not signed: a service that somebody has taken over can
answer for another one, so that the health of that one, or a refusal in its name, may be untrue.
"""
_DATABASES = f"""
## The databases

Each service has a role of PostgreSQL, which owns its database and can connect to no other. The operator's
tools have a role for each of these databases, such as `{tools_role_of("billing")}`, which reads that one and
changes nothing; all have one password. `adrelay up` and `docker-compose.yml` set this up; for a server of
your own see [secure the databases](../how-to/secure-the-databases.md), also for what is open to every role on
one that has databases of others too. Other names are possible, in the URLs.
Nothing runs as a superuser: one creates roles and databases, at each start of `adrelay up` and of the
containers, or when you run `adrelay databases prepare`. Its password is given to no service and no other tool
but `adrelay events import`, where that has to create a database.

Tools that write (`adrelay events rebuild`, `verify`, `dead retry`, `import` and so on) do it with the role of
the service whose database it is. Tools that read run no view, policy or foreign table of a service, on
PostgreSQL 16.4 and newer. But a service that somebody has taken over can let them run functions: those of its
tables' indexes and casts, and the engine's own. So tools read in transactions that can't write, with a role
that reaches nothing but this database. Such a function reads what the service reads anyway, and what the
server's sessions execute at that moment, without the values in the statements of services. Where somebody
uses the role otherwise, as with `psql`, it can also change the role's password: then the tools can't read
this database until `adrelay databases prepare`, or the next start, sets it again.

What a service can still do with its role: see the names of databases, roles and applications, and figures
of their use; keep a transaction open, which holds back the relays of all databases on the server (the health
of each service names it); use up the server's connections, memory and disk. A server for each service takes
that away too. With `adrelay up` all processes run under one account of the machine, which can read the files
of all passwords and keys: containers, or an account for each service, separate them. Passwords are not sent:
both sides prove that they know it (SCRAM). Contents are, so use TLS between machines.

"""
_TOGETHER = """
## One process for all services

With `adrelay up --together` one process holds the secrets of all services: the vault's keys, the key that
signs commands, the provider's, the databases' and the mail server's passwords. Each service still has its own
user of the broker, its own database and its own settings, and refuses commands without a signature. But who
takes over the gateway, which faces the internet, has taken over all of them, and can read the vault. That is
the operator's choice for a [small machine](../how-to/run-on-a-small-machine.md); otherwise each service is a
process of its own."""


def trust_page() -> str:
    """Return the page, with the permissions of each user of the broker and the rights of each role."""
    lines = [_BROKER, "| user | may publish on | may listen to |", "| --- | --- | --- |"]
    lines.append(f"| `{OPERATOR}` | everything | everything |")
    for service in SERVICES:
        permissions = permissions_of(service)
        lines.append(f"| `{service}` | {_listed(permissions.publish)} | {_listed(permissions.subscribe)} |")
    lines += [_DATABASES + "| role | may connect to | owns | is a member of |", "| --- | --- | --- | --- |"]
    roles = standard_roles(SERVICES, lambda _: "")
    for role in roles.all:
        owned = [role.database] if isinstance(role, ServiceRole) else []
        cells = (_listed([role.name]), _listed([role.database]), _listed(owned), _listed(member_of(role)))
        lines.append("| " + " | ".join(cell or "nothing" for cell in cells) + " |")
    words = _listed(list(FORBIDDEN_ATTRIBUTES.values()))
    lines += ["", f"None of them has one of the attributes {words}.", _TOGETHER]
    return "\n".join(lines) + "\n"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
