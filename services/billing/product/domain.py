"""The product aggregate: a plan of the catalogue, listed, repriced and retired."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, assert_never

from libs.events.billing import ProductListed, ProductRepriced, ProductRetired
from libs.events.values import Plan
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.billing.product.commands import (
    Command,
    IntroduceProduct,
    ListProduct,
    RepriceProduct,
    RetireProduct,
)

Event: TypeAlias = ProductListed | ProductRepriced | ProductRetired

# -- states


@dataclass(frozen=True, slots=True)
class OnSale:
    """A product that can be ordered, as this plan."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Retired:
    """A product that was on sale and is not any more."""

    plan: Plan


Product: TypeAlias = OnSale | Retired


def decide(command: Command, product: Product | None) -> list[Event]:
    """Return the events of ``command``; none if the product is in the wanted state already."""
    match command:
        case IntroduceProduct(plan):
            return [] if product else _listed(plan)
        case ListProduct(plan):
            return _list(plan, product)
        case RepriceProduct(price_usd):
            plan = _on_sale(product)
            return (
                [] if plan.price_usd == price_usd else [ProductRepriced(code=plan.code, price_usd=price_usd)]
            )
        case RetireProduct():
            return [] if isinstance(product, Retired) else [ProductRetired(code=_on_sale(product).code)]
        case _:
            assert_never(command)


def check(plan: Plan) -> None:
    """Raise `Refused` for a plan whose second cycle would come due after its end."""
    validity = timedelta(days=plan.validity_days)
    if timedelta(seconds=plan.interval_seconds) > validity:
        raise Refused(
            "interval_too_long",
            f"an interval of {plan.interval_seconds} s is longer than the plan is valid: "
            f"{plan.validity_days} days are {validity // timedelta(seconds=1)} s",
        )


def _list(plan: Plan, product: Product | None) -> list[Event]:
    if isinstance(product, OnSale):
        if product.plan != plan:
            raise Refused("already_listed", f"{plan.code} is on sale already, and is another plan")
        return []
    return _listed(plan)


def _listed(plan: Plan) -> list[Event]:
    check(plan)
    return [ProductListed(plan=plan)]


def _on_sale(product: Product | None) -> Plan:
    if not isinstance(product, OnSale):
        raise Refused("unknown_plan", "no such plan is on sale")
    return product.plan


def evolve(product: Product | None, event: Event) -> Product:
    """Return the product after an event."""
    match product, event:
        case None | Retired(), ProductListed(plan=plan):
            return OnSale(plan)
        case OnSale(plan), ProductRepriced(price_usd=price_usd):
            return OnSale(plan.model_copy(update={"price_usd": price_usd}))
        case OnSale(plan), ProductRetired():
            return Retired(plan)
        case _:
            raise ImpossibleEvent(f"{type(event).__name__} can't follow {product}")


PRODUCT: Decider[Command, Product, Event] = Decider("product", decide, evolve)
