"""What is wrong with the roles of PostgreSQL, given the facts about them."""

import pytest

from libs.chassis.check_databases import RoleFacts, service_problems

OPEN = RoleFacts(
    role="adrelay_shop",
    database="adrelay_shop",
    attributes=(),
    member_of=frozenset(),
    members=frozenset(),
    owner="adrelay_shop",
    granted=frozenset({(None, "CONNECT"), ("adrelay_tools", "CONNECT")}),
    foreign_objects=0,
    reaches=(),
    unreadable=0,
    changeable=0,
)
"""The facts of a service to whose database everybody may connect, and by name the tools."""
EVERYBODY = "everybody may connect to adrelay_shop, or do more there"


@pytest.mark.parametrize(
    ("tools", "problems"),
    [
        ("adrelay_tools", [EVERYBODY]),
        (None, ["adrelay_tools may connect to adrelay_shop, or do more there", EVERYBODY]),
    ],
)
def test_that_everybody_may_connect_is_wrong_with_and_without_a_role_for_tools(
    tools: str | None, problems: list[str]
) -> None:
    assert service_problems("shop", {"shop": OPEN}, tools) == problems
