"""The plans of the tests; `model_copy` changes what a test is about."""

from decimal import Decimal

from libs.events.values import Plan, PlanKind

BRONZE = Plan(
    code="bronze",
    name="Bronze",
    kind=PlanKind.STARTER,
    sessions=1,
    interval_seconds=3600,
    price_usd=Decimal("30.00"),
    validity_days=30,
)
SILVER = Plan(
    code="silver",
    name="Silver",
    kind=PlanKind.STARTER,
    sessions=2,
    interval_seconds=1800,
    price_usd=Decimal(55),
    validity_days=30,
)
