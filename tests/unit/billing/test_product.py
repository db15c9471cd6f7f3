"""Decisions on the catalogue's products."""

from decimal import Decimal

import pytest

from libs.events.billing import ProductListed, ProductRepriced, ProductRetired
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.billing.product.commands import IntroduceProduct, ListProduct, RepriceProduct, RetireProduct
from services.billing.product.domain import PRODUCT, OnSale
from tests.support.plans import BRONZE

product = scenarios(PRODUCT)

LISTED = ProductListed(plan=BRONZE)
CHEAPER = ProductRepriced(code="bronze", price_usd=Decimal(25))
RETIRED = ProductRetired(code="bronze")
BETTER = BRONZE.model_copy(update={"sessions": 2})


def test_a_new_product_is_listed() -> None:
    product.when(ListProduct(BRONZE)).then(LISTED)
    product.when(IntroduceProduct(BRONZE)).then(LISTED)


def test_a_product_is_introduced_only_if_it_was_never_listed() -> None:
    product.given(LISTED).when(IntroduceProduct(BETTER)).then()
    product.given(LISTED, CHEAPER).when(IntroduceProduct(BRONZE)).then()
    product.given(LISTED, RETIRED).when(IntroduceProduct(BRONZE)).then()


def test_a_retired_product_can_be_listed_again_with_another_plan() -> None:
    product.given(LISTED, RETIRED).when(ListProduct(BETTER)).then(ProductListed(plan=BETTER))


def test_listing_a_listed_product_is_a_no_op_or_refused_if_it_differs() -> None:
    product.given(LISTED).when(ListProduct(BRONZE)).then()
    product.given(LISTED).when(ListProduct(BETTER)).refused("already_listed")


@pytest.mark.parametrize("command", [ListProduct, IntroduceProduct])
def test_an_interval_may_not_exceed_the_plans_validity(
    command: type[ListProduct | IntroduceProduct],
) -> None:
    days = BRONZE.model_copy(update={"validity_days": 3, "interval_seconds": 3 * 86_400})
    product.when(command(days)).then(ProductListed(plan=days))
    longer = days.model_copy(update={"interval_seconds": 3 * 86_400 + 1})
    refused = product.when(command(longer)).refused("interval_too_long")
    assert refused.detail == ("an interval of 259201 s is longer than the plan is valid: 3 days are 259200 s")


def test_a_price_changes_once() -> None:
    cheaper = RepriceProduct(Decimal("25.00"))
    product.given(LISTED).when(cheaper, cheaper).then(CHEAPER)
    state = product.given(LISTED, CHEAPER).state()
    assert state == OnSale(BRONZE.model_copy(update={"price_usd": Decimal(25)}))


def test_a_product_is_retired_once() -> None:
    product.given(LISTED).when(RetireProduct(), RetireProduct()).then(RETIRED)


def test_a_product_that_is_not_on_sale_is_neither_repriced_nor_retired() -> None:
    product.when(RepriceProduct(Decimal(1))).refused("unknown_plan")
    product.when(RetireProduct()).refused("unknown_plan")
    product.given(LISTED, RETIRED).when(RepriceProduct(Decimal(1))).refused("unknown_plan")


@pytest.mark.parametrize("history", [(CHEAPER,), (LISTED, LISTED), (LISTED, RETIRED, CHEAPER)])
def test_an_impossible_history_is_an_error(
    history: tuple[ProductListed | ProductRepriced | ProductRetired, ...],
) -> None:
    with pytest.raises(ImpossibleEvent):
        PRODUCT.fold(history)
