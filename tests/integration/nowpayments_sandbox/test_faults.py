"""The API's bad days."""

import asyncio

import httpx
import pytest

from sandbox.nowpayments import Fault, NowPaymentsControl
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.nowpayments_sandbox.conftest import Create
from tests.integration.nowpayments_sandbox.test_api import ASKED
from tests.support.waiting import until


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_the_api_is_down_for_so_many_calls(
    api: httpx.AsyncClient, control: NowPaymentsControl, status: int
) -> None:
    await control.be_down(status, count=2)
    answers = [await api.get("/v1/status") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers["content-type"].startswith("text/html")


async def test_the_api_is_down_for_so_long(api: httpx.AsyncClient, control: NowPaymentsControl) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await control.be_down(for_seconds=0.5)

    async def well() -> bool:
        return (await api.get("/v1/status")).status_code == 200

    await until(well)
    assert loop.time() - began >= 0.5


async def test_the_api_is_down_until_it_is_healed(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.be_down()
    assert {(await api.get("/v1/status")).status_code for _ in range(5)} == {503}
    await control.heal()
    assert (await api.get("/v1/status")).status_code == 200


async def test_a_fault_strikes_only_the_calls_it_is_for(
    api: httpx.AsyncClient, control: NowPaymentsControl, create: Create
) -> None:
    payment = await create()
    await control.be_down(method="post", path="/v1/payment")
    assert (await api.post("/v1/payment", json=ASKED)).status_code == 503
    assert (await api.get(f"/v1/payment/{payment.payment_id}")).status_code == 200
    assert (await api.get("/v1/status")).status_code == 200
    assert len(await control.payments()) == 1


async def test_a_slow_call_is_answered_late_but_well(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.be_slow(0.2, count=1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert (await api.post("/v1/payment", json=ASKED)).status_code == 201
    assert loop.time() - began >= 0.2


async def test_a_call_that_hangs_does_nothing(api: httpx.AsyncClient, control: NowPaymentsControl) -> None:
    await control.hang(count=1)
    with pytest.raises(httpx.TimeoutException):
        await api.post("/v1/payment", json=ASKED, timeout=0.2)
    assert await control.payments() == []


async def test_a_lost_answer_leaves_a_payment_that_its_merchant_does_not_know(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.lose_answers(count=1)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(api.post("/v1/payment", json=ASKED, timeout=DEADLINE_SECONDS))
        (payment,) = await until(control.payments)
        assert not asking.done()
        await control.heal()
    assert payment.order_id == ASKED["order_id"]
    assert payment.payment_id not in asking.result().text


async def test_calls_that_hang_are_answered_when_all_is_well_again(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.hang(count=1)

    async def hangs() -> bool:
        return not await control.faults()

    async with asyncio.TaskGroup() as group:
        hanging = group.create_task(api.get("/v1/status"))
        await until(hangs)
        assert not hanging.done()
        await control.heal()
    assert hanging.result().status_code == 504


async def test_who_is_down_may_ask_to_be_left_alone(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.be_down(429, retry_after_seconds=7, count=1)
    assert (await api.get("/v1/status")).headers["retry-after"] == "7"
    await control.be_down(count=1)
    assert "retry-after" not in (await api.get("/v1/status")).headers


async def test_nonsense_looks_well_and_is_no_json(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.answer_garbage(count=1)
    answer = await api.post("/v1/payment", json=ASKED)
    assert answer.status_code == 200
    assert not answer.text.startswith("{")
    assert await control.payments() == []


async def test_an_answer_may_say_some_fields_otherwise(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.change_answers({"payment_id": "1"}, count=1)
    answer = await api.post("/v1/payment", json=ASKED)
    (payment,) = await control.payments()
    assert (answer.status_code, answer.json()["payment_id"]) == (201, "1")
    assert answer.json()["pay_address"] == payment.pay_address
    assert '"pay_amount":0.00046692,' in answer.text


async def test_an_answer_may_break_off_although_all_was_done(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await control.cut_answers(count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await api.post("/v1/payment", json=ASKED)
    assert len(await control.payments()) == 1
    assert (await api.get("/v1/status")).status_code == 200


async def test_faults_that_are_over_are_listed_no_more(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    one = Fault(kind="error", count=1)
    lasting = Fault(kind="error", status=500)
    assert await control.break_with(one) == [one]
    assert await control.break_with(lasting) == [one, lasting]
    assert [(await api.get("/v1/status")).status_code for _ in range(2)] == [503, 500]
    assert await control.break_with(one) == [lasting, one]


async def test_the_calls_are_logged_with_what_was_answered(
    api: httpx.AsyncClient, control: NowPaymentsControl
) -> None:
    await api.post("/v1/payment", json=ASKED)
    await control.be_down(count=1)
    await api.get("/v1/status")
    await api.get("/v1/payment/1")
    calls = await control.calls()
    assert [(call.method, call.path, call.answered, call.fault) for call in calls] == [
        ("POST", "/v1/payment", 201, None),
        ("GET", "/v1/status", 503, "error"),
        ("GET", "/v1/payment/1", 404, None),
    ]


async def test_the_control_is_never_down(control: NowPaymentsControl) -> None:
    await control.be_down(path="/")
    assert await control.payments() == []
