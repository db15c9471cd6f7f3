"""A client that a public generator makes of the OpenAPI document buys, starts and watches an adbot."""
# pytest leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import CycleStarted, DeliveriesRecorded, Share
from libs.events.values import AdbotId, CycleId, Pacing, ResultClass, SessionId
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.api.app import make_app
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.harness import access_code
from tests.integration.gateway.sending import PAIR, POST, delivery
from tests.integration.gateway.shop import Shop, open_shop
from tests.support.waiting import until

PACKAGE = "adrelay_client"


class GeneratedClient:
    """Calls the functions of the generated client."""

    def __init__(self, url: str) -> None:
        self._client_module = importlib.import_module(f"{PACKAGE}.client")
        self.models = importlib.import_module(f"{PACKAGE}.models")
        self._url = url
        self._client: Any = self._client_module.Client(base_url=url, timeout=DEADLINE_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.get_async_httpx_client().aclose()

    async def sign_in(self, token: str) -> None:
        """Send this token from now on."""
        await self.close()
        self._client = self._client_module.AuthenticatedClient(
            base_url=self._url, token=token, timeout=DEADLINE_SECONDS
        )

    async def call(self, operation: str, *path: object, **parameters: object) -> Any:  # noqa: ANN401 - generated
        """Return the answer of an operation, such as `adbots.start_adbot`; fail unless it is a success."""
        module = importlib.import_module(f"{PACKAGE}.api.{operation}")
        answer = await module.asyncio(*path, client=self._client, **parameters)
        assert answer is not None
        assert not isinstance(answer, self.models.Problem), answer
        return answer


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Make a client of the document importable."""
    folder = tmp_path_factory.mktemp("generated")
    document = folder / "openapi.json"
    document.write_text(json.dumps(make_app().openapi()))
    program = Path(sys.executable).with_name("openapi-python-client")
    made = subprocess.run(  # noqa: S603 - of this test
        [program, "generate", "--path", document, "--output-path", folder / PACKAGE, "--meta", "none"],
        check=True,
        capture_output=True,
        timeout=DEADLINE_SECONDS,
        cwd=folder,
    )
    assert b"Traceback" not in made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(folder))
        yield


def test_the_generator_leaves_out_only_what_it_can_not_express(generated: None) -> None:
    """It makes no functions of uploads of text and CSV files."""
    del generated
    made = {
        name
        for group in pkgutil.iter_modules(importlib.import_module(f"{PACKAGE}.api").__path__)
        for _, name, _ in pkgutil.iter_modules(
            importlib.import_module(f"{PACKAGE}.api.{group.name}").__path__
        )
    }
    document = make_app().openapi()
    named = {
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    }
    assert named - made <= {"import_group_list", "import_into_group_list"}
    assert made <= named


async def test_the_whole_story_runs_through_a_generated_client(
    generated: None, postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> None:
    del generated
    async with open_shop(postgres_server, nats_server) as shop:
        await shop.stock(2)
        await shop.check_out()  # once this is sold, there is stock
        client = GeneratedClient(shop.url)
        adbot = await bought(client, shop)
        await advertised(client, adbot)
        await sent(client, shop, adbot)
        await client.close()


async def bought(client: GeneratedClient, shop: Shop) -> UUID:
    """Buy an adbot and sign in; return the adbot's id."""
    plans = (await client.call("catalogue.list_catalogue")).items
    coins = (await client.call("catalogue.list_coins")).items
    assert {"bronze"} < {plan.code for plan in plans}
    email, key = f"{uuid4().hex}@example.com", str(uuid4())
    wish = client.models.CheckoutBody(email=email, plan="bronze", pay_currency=coins[0].code)
    order = await client.call("payments.check_out", body=wish, idempotency_key=key)
    again = await client.call("payments.check_out", body=wish, idempotency_key=key)
    assert again.order_number == order.order_number
    await shop.payments.pay(await shop.payment(order.order_number))

    async def paid() -> bool:
        payment = await client.call("payments.get_payment", order.order_number)
        return bool(payment.status == "FINISHED")

    await until(paid)
    code = client.models.SignInBody(access_code=await access_code(shop.admin, email))
    signed_in = await client.call("account.sign_in", body=code)
    assert signed_in.account.email == email
    await client.sign_in(signed_in.token)

    async def delivered() -> Any:  # noqa: ANN401 - generated
        return (await client.call("adbots.list_adbots")).items

    [adbot] = await until(delivered)
    return UUID(str(adbot.id))


async def advertised(client: GeneratedClient, adbot: UUID) -> None:
    """Set the advertisement under a key, and start the adbot."""
    link, key = "https://t.me/channel/42", str(uuid4())
    post = client.models.PostBody(post=link)
    assert (await client.call("adbots.validate_post", body=post)).valid
    wanted = client.models.AdvertisementBody(post=link, groups=["@first", "@second"])
    state = await client.call("adbots.set_advertisement", adbot, body=wanted, idempotency_key=key)
    assert state.advertisement.groups == ["@first", "@second"]
    again = await client.call("adbots.set_advertisement", adbot, body=wanted, idempotency_key=key)
    assert again == state
    back = client.models.AdvertisementBody(post=state.advertisement.post, groups=["@first", "@second"])
    state = await client.call("adbots.set_advertisement", adbot, body=back)
    assert state.advertisement.post.message == 42

    async def seated() -> bool:
        return bool((await client.call("adbots.get_adbot", adbot)).seats.filled)

    await until(seated)
    assert (await client.call("adbots.start_adbot", adbot)).status == "RUNNING"


async def sent(client: GeneratedClient, shop: Shop, adbot: UUID) -> None:
    """Read the log of a cycle, which the forwarder's fake publishes."""
    seat, cycle, of = SessionId(new_id()), CycleId(new_id()), AdbotId(adbot)
    started = CycleStarted(
        cycle=cycle,
        adbot=of,
        post=POST,
        pacing=Pacing(delay_seconds=0),
        shares=(Share(session=seat, pair=PAIR, groups=("@first", "@second")),),
        started_at=utc_now(),
    )
    lines = (
        delivery("@first", seat, ResultClass.SENT),
        delivery("@second", seat, ResultClass.SLOW_MODE, "SLOWMODE_WAIT_17"),
    )
    recorded = DeliveriesRecorded(cycle=cycle, adbot=of, deliveries=lines)
    await shop.forwarder.publish(f"cycle-{cycle}", started, recorded)

    async def logged() -> Any:  # noqa: ANN401 - generated
        return (await client.call("adbots.get_logs", adbot)).items

    log = await until(logged)
    assert {(line.group, str(line.result)) for line in log} == {("@first", "SENT"), ("@second", "SLOW_MODE")}
    assert (await client.call("adbots.stop_adbot", adbot)).status == "STOPPED"
