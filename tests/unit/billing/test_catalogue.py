"""The catalogue file: plans of the default one, errors of invalid ones."""

from decimal import Decimal
from pathlib import Path

import pytest

from libs.events.values import PlanKind
from services.billing.product.catalogue import DEFAULT_FILE, BadCatalogue, read_catalogue

GOOD = """
[[plan]]
code = "tiny"
name = "Tiny"
kind = "starter"
sessions = 1
interval_seconds = 60
price_usd = 9.99
validity_days = 1
"""


def test_the_default_catalogue_is_the_one_that_is_advertised() -> None:
    starter, enterprise = PlanKind.STARTER, PlanKind.ENTERPRISE
    found = [
        (plan.name, plan.kind, plan.sessions, plan.interval_seconds, plan.price_usd, plan.validity_days)
        for plan in read_catalogue(DEFAULT_FILE)
    ]
    assert found == [
        ("Bronze", starter, 1, 3600, Decimal(30), 30),
        ("Silver", starter, 2, 1800, Decimal(55), 30),
        ("Gold", starter, 3, 1200, Decimal(80), 30),
        ("Diamond", starter, 6, 600, Decimal(160), 30),
        ("Basic", enterprise, 3, 900, Decimal(199), 30),
        ("Pro", enterprise, 7, 420, Decimal(450), 30),
        ("Elite", enterprise, 15, 120, Decimal(899), 30),
    ]


def test_a_price_is_read_to_its_last_digit(tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(GOOD)
    assert [plan.price_usd for plan in read_catalogue(file)] == [Decimal("9.99")]


def test_a_plan_may_limit_groups_and_posts(tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(f"{GOOD}max_groups = 20\nmax_posts = 2\n")
    assert [(plan.max_groups, plan.max_posts) for plan in read_catalogue(file)] == [(20, 2)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"plans.toml must hold \[\[plan\]\] entries and nothing else"),
        ("plan = 3", r"plans.toml must hold \[\[plan\]\] entries"),
        ("plan = [3]", "plans.toml, plan number 1: the entry: "),
        ("other = 3" + GOOD, r"plans.toml must hold \[\[plan\]\] entries"),
        ("[[plan", "plans.toml can't be read: "),
        (GOOD + GOOD, "plans.toml, plan tiny: the code stands there 2 times"),
        (GOOD.replace("9.99", "-1"), "plans.toml, plan tiny: price_usd: "),
        (GOOD + "max_groups = 0", "plans.toml, plan tiny: max_groups: "),
        (GOOD.replace("sessions = 1\n", ""), "plans.toml, plan tiny: sessions: "),
        (
            GOOD.replace("interval_seconds = 60", "interval_seconds = 86_401"),
            "plans.toml, plan tiny: interval_seconds: an interval of 86401 s is longer than the plan",
        ),
        (GOOD + "color = 'red'", "plans.toml, plan tiny: color: "),
        (
            GOOD.replace('"Tiny"', r'"Ti\nny"'),
            "plans.toml, plan tiny: name: holds characters that can't be seen",
        ),
        (GOOD + GOOD.replace('code = "tiny"\n', ""), "plans.toml, plan number 2: code: "),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_the_entry(
    tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(text)
    with pytest.raises(BadCatalogue, match=f"^{problem}") as caught:
        read_catalogue(file)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"plans\.toml can't be read: No such file"):
        read_catalogue(tmp_path / "plans.toml")
