"""The roles of two services, the shop and the bakery, on a server of their own."""

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.check_databases import RoleFacts, role_facts, service_problems, tools_problems
from libs.chassis.database_roles import Roles, role_of, tools_role_of
from libs.chassis.database_urls import url_with
from libs.chassis.roles_in_urls import roles_in
from tests.support.databases import opened

SHOP, BAKERY = "shop", "bakery"
PASSWORDS = {
    name: f"a password of {name}: p@ss/w{number}rd?" for number, name in enumerate((SHOP, BAKERY, "tools"))
}


def url_of(server: EmbeddedPostgres, name: str) -> str:
    return url_with(server.url("" if name == "tools" else f"adrelay_{name}"), role_of(name), PASSWORDS[name])


def tools_url_of(server: EmbeddedPostgres, name: str) -> str:
    return url_with(server.url(f"adrelay_{name}"), tools_role_of(name), PASSWORDS["tools"])


def roles(server: EmbeddedPostgres) -> Roles:
    services = {name: url_of(server, name) for name in (SHOP, BAKERY)}
    return roles_in(services, url_of(server, "tools"))


async def clear(server: EmbeddedPostgres) -> None:
    for name in (SHOP, BAKERY):
        await server.drop_database(f"adrelay_{name}")
    async with opened(server.url("postgres")) as superuser:
        for name in (SHOP, BAKERY):
            await superuser.execute(f"drop role if exists {role_of(name)}, {tools_role_of(name)}")


async def problems(server: EmbeddedPostgres) -> list[str]:
    """Return what is found to be wrong."""
    known = {name: await role_facts(url_of(server, name)) for name in (SHOP, BAKERY)}
    tools: dict[str, RoleFacts] = {}
    for name in (SHOP, BAKERY):
        tools[name] = await role_facts(tools_url_of(server, name))
    found = [
        one for name in known for one in service_problems(name, known, tools_role_of(name), whole_server=True)
    ]
    return found + tools_problems(tools, whole_server=True)
