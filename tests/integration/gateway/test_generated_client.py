"""A client that a public generator makes of the OpenAPI document buys, starts and watches an adbot."""

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import CycleStarted, DeliveriesRecorded, Share
from libs.events.values import AdbotId, CycleId, Pacing, ResultClass, SessionId
from libs.eventsourcing.values import new_id, utc_now
from sandbox.nowpayments import Deposit
from services.gateway.api.app import make_app
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import access_code
from tests.integration.gateway.sending import PAIR, POST, delivery
from tests.integration.gateway.shop import Shop, open_shop
from tests.support.waiting import until

PACKAGE = "adrelay_client"


class GeneratedClient:
    """Calls functions of the generated client, which block, in threads."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self.token = ""

    async def call(self, operation: str, *path: object, key: str = "", **body: object) -> Any:  # noqa: ANN401 - generated
        """Return the answer of an operation; fail unless it is the model of a success."""
        function: Callable[..., Any] = getattr(self._module, operation)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key:
            headers["Idempotency-Key"] = key
        data = {"data": self._model(body)} if body else {}
        answer = await asyncio.to_thread(function, *path, headers=headers, **data)
        assert type(answer).__name__ != "Problem", answer
        return answer

    def _model(self, body: dict[str, object]) -> object:
        model = getattr(self._module.schemas, str(body.pop("model")))
        return model(**body)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a client that was generated of the document."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_text(json.dumps(make_app().openapi()))
    command = [sys.executable, "-m", "clientele.cli", "start-api", "-f", str(document), "-o", PACKAGE]
    subprocess.run(  # noqa: S603 - of this test
        command, cwd=folder, check=True, capture_output=True, timeout=DEADLINE_SECONDS
    )
    return folder


def imported(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the client's module, which reads the server's URL from the environment when it is imported."""
    monkeypatch.setenv("BASE_URL", url)
    monkeypatch.setenv("TIMEOUT", str(DEADLINE_SECONDS))
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module(f"{PACKAGE}.client")


async def test_the_whole_story_runs_through_a_generated_client(
    generated: Path,
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_shop(postgres_server, nats_server) as shop:
        await shop.stock(2)
        await shop.check_out()  # once this is sold, there is stock
        client = GeneratedClient(imported(generated, shop.url, monkeypatch))
        adbot = await bought(client, shop)
        await advertised(client, adbot)
        await sent(client, shop, adbot)


async def bought(client: GeneratedClient, shop: Shop) -> str:
    """Buy an adbot and sign in; return the adbot's id."""
    assert "bronze" in {plan.code for plan in (await client.call("list_catalogue")).items}
    coin = (await client.call("list_coins")).items[0].code
    email, key = f"{uuid4().hex}@example.com", str(uuid4())
    wish = {"model": "CheckoutBody", "email": email, "plan": "bronze", "pay_currency": coin}
    order = await client.call("check_out", key=key, **wish)
    again = await client.call("check_out", key=key, **wish)
    assert again.order_number == order.order_number
    assert (await client.call("get_payment", order.order_number)).status == "WAITING"
    await shop.payments.deposit(await shop.payment(order.order_number), Deposit())

    async def paid() -> bool:
        payment = await client.call("get_payment", order.order_number)
        return str(getattr(payment.status, "value", payment.status)) == "FINISHED"

    await until(paid)
    code = await access_code(shop.admin, email)
    signed_in = await client.call("sign_in", model="SignInBody", access_code=code)
    client.token = signed_in.token
    assert signed_in.account.email == email

    async def delivered() -> Any:  # noqa: ANN401 - generated
        return (await client.call("list_adbots")).items

    [adbot] = await until(delivered)
    return str(adbot.id)


async def advertised(client: GeneratedClient, adbot: str) -> None:
    """Set the advertisement under a key, and start the adbot."""
    link = "https://t.me/channel/42"
    assert (await client.call("validate_post", model="PostBody", post=link)).valid
    wanted = {"model": "AdvertisementBody", "post": link, "groups": ["@first", "@second"]}
    key = str(uuid4())
    state = await client.call("set_advertisement", adbot, key=key, **wanted)
    assert state.advertisement.groups == ["@first", "@second"]
    again = await client.call("set_advertisement", adbot, key=key, **wanted)
    assert again == state

    async def seated() -> bool:
        return bool((await client.call("get_adbot", adbot)).seats.filled)

    await until(seated)
    started = await client.call("start_adbot", adbot)
    assert str(getattr(started.status, "value", started.status)) == "RUNNING"


async def sent(client: GeneratedClient, shop: Shop, adbot: str) -> None:
    """Read the log of a cycle, which the forwarder's fake publishes."""
    seat, cycle, of = SessionId(new_id()), CycleId(new_id()), AdbotId(UUID(adbot))
    share = Share(session=seat, pair=PAIR, groups=("@first", "@second"))
    started = CycleStarted(
        cycle=cycle,
        adbot=of,
        post=POST,
        pacing=Pacing(delay_seconds=0),
        shares=(share,),
        started_at=utc_now(),
    )
    lines = (
        delivery("@first", seat, ResultClass.SENT),
        delivery("@second", seat, ResultClass.SLOW_MODE, "SLOWMODE_WAIT_17"),
    )
    recorded = DeliveriesRecorded(cycle=cycle, adbot=of, deliveries=lines)
    await shop.forwarder.publish(f"cycle-{cycle}", started, recorded)

    async def logged() -> Any:  # noqa: ANN401 - generated
        return (await client.call("get_logs", adbot)).items

    log = await until(logged)
    assert {line.group for line in log} == {"@first", "@second"}
    stopped = await client.call("stop_adbot", adbot)
    assert str(getattr(stopped.status, "value", stopped.status)) == "STOPPED"
