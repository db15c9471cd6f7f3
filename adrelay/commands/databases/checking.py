"""`adrelay databases check`: whether each service's role is confined to its database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import server_address
from adrelay.system import SERVICES
from adrelay.terminal.outcome import Exit, print_json, remark, screen
from adrelay.terminal.reasons import reason_of
from libs.chassis.check_databases import RoleFacts, role_facts, service_problems, tools_problems
from libs.chassis.database import SERVER_AWAY, UNUSABLE
from libs.chassis.database_roles import TOOLS_URL, database_of
from libs.chassis.database_urls import database_in, user_in
from libs.chassis.plain_text import plain_text_databases

THE_TOOLS = "tools"


@dataclass
class _Found:
    """What was found about the roles of a service, or of the tools."""

    looked_at: list[RoleFacts] = field(default_factory=list[RoleFacts])
    problems: list[str] = field(default_factory=list[str])
    unanswered: list[str] = field(default_factory=list[str])
    """Which servers did not answer, and why: it is no fault of the roles."""
    not_checked: list[str] = field(default_factory=list[str])
    """The roles that could not be looked at."""

    @property
    def may_also_connect_to(self) -> list[str]:
        """The databases of others that the roles reach, whether that is wrong or not."""
        return sorted({database for facts in self.looked_at for database in facts.reaches})


async def check(servers: ServerOptions, chosen: list[str] | None, *, whole_server: bool, json: bool) -> Exit:
    """Print for each service and the tools what is wrong with their role, and what was not looked at."""
    urls = servers.databases(chosen, writing=True)
    for_tools = {} if servers.tools_url() is None else servers.databases(chosen)
    closed = {database_in(urls[name]) if name in urls else database_of(name) for name in SERVICES}
    found = {service: _Found() for service in urls}
    known = {service: one for service, url in urls.items() if (one := await _facts(url, found[service]))}
    tools = found[THE_TOOLS] = _Found()
    of_tools = {service: one for service, url in for_tools.items() if (one := await _facts(url, tools))}
    for service in known:
        reader = (
            of_tools[service].role if service in of_tools else user_in(for_tools.get(service, "")) or None
        )
        found[service].problems += service_problems(
            service, known, reader, closed=closed, whole_server=whole_server
        )
    tools.problems += tools_problems(of_tools, closed=closed, whole_server=whole_server)
    if not for_tools:
        tools.problems.append(f"{TOOLS_URL} is not set, so that tools that only read may write too")
    if json:
        print_json([_document(subject, one) for subject, one in found.items()])
    else:
        _print(found)
    reached = {name for one in found.values() for name in one.may_also_connect_to} - closed
    if reached and not whole_server:
        remark(
            f"these roles may also connect to {', '.join(sorted(reached))}: --whole-server takes that for a "
            "problem, for a server of Adrelay alone"
        )
    for warning in plain_text_databases(urls | {f"tools for {one}": url for one, url in for_tools.items()}):
        remark(warning)
    return _exit(found.values())


def _exit(found: Iterable[_Found]) -> Exit:
    if any(one.problems for one in found):
        return Exit.FOUND
    return Exit.UNUSABLE if any(one.not_checked for one in found) else Exit.OK


async def _facts(url: str, found: _Found) -> RoleFacts | None:
    """Return the facts about the role of a URL; note why there are none."""
    try:
        facts = await role_facts(url)
    except UNUSABLE as error:
        role = user_in(url) or "its role"
        found.not_checked.append(role)
        if isinstance(error, SERVER_AWAY):
            found.unanswered.append(f"the server at {server_address(url)} can't be used: {reason_of(error)}")
        else:
            found.problems.append(f"nothing can be asked as {role}: {reason_of(error)}")
        return None
    found.looked_at.append(facts)
    return facts


def _document(subject: str, found: _Found) -> dict[str, object]:
    return {
        "role_of": subject,
        "checked": [facts.role for facts in found.looked_at],
        "not_checked": found.not_checked,
        "problems": found.problems + found.unanswered,
        "may_also_connect_to": found.may_also_connect_to,
    }


def _print(found: Mapping[str, _Found]) -> None:
    console = screen()
    for subject, one in found.items():
        for problem in one.problems + one.unanswered:
            console.print(f"✗ {subject}: {problem}")
        if one.not_checked:
            console.print(f"✗ {subject}: {', '.join(one.not_checked)} not checked")
        if not one.problems and one.looked_at:
            console.print(f"✓ {subject}: {_confined(subject, one)}")
    if any(one.problems for one in found.values()):
        remark("`adrelay databases prepare` sets this right; stop the services before the first time")


def _confined(subject: str, found: _Found) -> str:
    """Return what was looked at and is as it should be."""
    roles = ", ".join(facts.role for facts in found.looked_at)
    others = "no other service's" if found.may_also_connect_to else "no other database"
    if subject == THE_TOOLS:
        return f"{roles} read one service's each, change nothing there, and reach {others} on its server"
    return f"{roles} owns {found.looked_at[0].database}, and reaches {others} on its server"
