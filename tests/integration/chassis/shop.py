"""A made-up service on the chassis: a shop that retires products, with commands that fail in every way."""

import asyncio
import signal
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from adrelay.runtime.ports import free_port
from libs.chassis.service import Chassis
from libs.chassis.settings import ServiceSettings, StrongSecret
from libs.events.billing import ProductRepriced, ProductRetired
from libs.eventsourcing import (
    Command,
    CommandHandlers,
    Decider,
    Projection,
    Refused,
    Scope,
    TableSql,
    UnitOfWork,
)
from tests.support.signing import SIGNER

LEAK = "postgresql://shop:hunter2@127.0.0.1/shop password=hunter2"


class Retire(Command):
    """Retire a product this many times. Refused: `locked`."""

    code: str
    times: Annotated[int, Field(ge=0, le=5000)] = 1


class Sweep(Retire):
    """Retire a product; batchable."""

    batchable: ClassVar[bool] = True
    remark: str = ""


class RetireTwo(Command):
    """Retire two products, in two transactions. Refused: `locked`."""

    codes: tuple[str, str]


class Wait(Command):
    """Wait, then retire a product."""

    seconds: float


class Break(Command):
    """Fail: `raise`, or build an invalid event."""

    how: str


def decide(command: Retire, state: int | None) -> list[ProductRetired]:
    """Return the events of a command."""
    del state
    if command.code == "locked":
        raise Refused("locked", "the key is lost")
    return [ProductRetired(code=command.code)] * command.times


def evolve(state: int | None, event: ProductRetired) -> int:
    """Count the retirements."""
    del event
    return (state or 0) + 1


PRODUCT = Decider("product", decide, evolve)


def retired_table() -> Projection:
    """Return the table of how often each product was retired."""
    table = Projection("retired", version=1, ddl="create table retired (code text primary key, times int)")

    @table.on(ProductRetired)
    async def retired(event: ProductRetired, sql: TableSql) -> None:
        await sql.execute(
            "insert into retired values ($1, 1) on conflict (code) do update set times = retired.times + 1",
            event.code,
        )

    del retired
    return table


def handlers(waiting: asyncio.Event | None = None) -> CommandHandlers:
    """Return the shop's command handlers; `waiting` is set once `Wait` is being handled."""
    commands = CommandHandlers()

    @commands.on(Retire)
    async def retire(command: Retire, unit: UnitOfWork) -> None:
        await _retire(unit, command)

    @commands.on(Sweep)
    async def sweep(command: Sweep, unit: UnitOfWork) -> None:
        await _retire(unit, command)

    @commands.outside(RetireTwo)
    async def retire_two(command: RetireTwo, scope: Scope) -> None:
        for code in command.codes:
            await scope.run(partial(_retire, command=Retire(code=code)))

    @commands.outside(Wait)
    async def wait(command: Wait, scope: Scope) -> None:
        if waiting is not None:
            waiting.set()
        await asyncio.sleep(command.seconds)
        await scope.run(lambda unit: unit.execute(PRODUCT, "late", Retire(code="late")))

    @commands.on(Break)
    async def break_(command: Break, unit: UnitOfWork) -> None:
        await unit.execute(PRODUCT, "broken", Retire(code="broken"))
        if command.how == "raise":
            raise RuntimeError(LEAK)
        ProductRepriced.model_validate({"code": "x", "price_usd": "hunter2"})

    del retire, sweep, retire_two, wait, break_
    return commands


async def _retire(unit: UnitOfWork, command: Retire) -> None:
    await unit.execute(PRODUCT, command.code, command)


class ShopSettings(ServiceSettings):
    """The settings of the shop."""

    service: ClassVar[str] = "shop"
    till_secret: StrongSecret = Field(description="Signs the till's receipts; any 32 random characters")
    mischief: str = ""


async def run(settings: ShopSettings) -> None:
    """Run the shop."""
    told = asyncio.Event()
    if settings.mischief == "crash when told":
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
    async with Chassis(settings, state_tables=[retired_table()]) as chassis:
        chassis.serve(handlers())
        if settings.mischief == "crash":
            chassis.task("till", crash)
        if settings.mischief == "crash when told":
            chassis.task("till", lambda: crash(told))
        if settings.mischief == "end":
            chassis.task("till", end)
        await chassis.run()


async def crash(told: asyncio.Event | None = None) -> None:
    """Raise after a moment, or when it is told to."""
    await (asyncio.sleep(0.1) if told is None else told.wait())
    raise RuntimeError(LEAK)


async def end() -> None:
    """Return, although a service must not."""


def shop_settings(url: str, nats_url: str, prefix: str) -> ShopSettings:
    """Return the shop's settings with the URLs of its database and of a broker."""
    return ShopSettings(
        postgres_url=SecretStr(url),
        nats_url=SecretStr(nats_url),
        nats_prefix=prefix,
        http_host="127.0.0.1",
        http_port=free_port(),
        till_secret=SecretStr("0123456789abcdefghijklmnopqrstuvwxyz"),
        command_public_key=SIGNER.public_key,
    )
