"""What the operator is told, in the app and by mail, and until when."""

from typing import Any

import httpx
import pytest

from libs.events.billing import PaymentFinished
from libs.events.health import ReaderHealth, ServiceHealth
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import operator
from tests.integration.gateway.healthy_services import answering, well
from tests.integration.mails.harness import ADMIN_TOKEN, CODES, MailHarness
from tests.support.waiting import until

OPERATORS = ("op@example.org", "second@example.org")
SOON: dict[str, object] = {
    "operator_mails": ", ".join(OPERATORS),
    "operator_mail_gather_seconds": 0,
    "operator_mails_per_hour": 60,
    "notice_check_seconds": 0.1,
    "notice_after_seconds": 5,  # longer than a busy machine keeps a service that is well from answering
}
OTHERS = ("billing", "provisioning", "scheduler", "forwarder")
DEAD = "dead_letters gateway reactions"


async def shown(admin: httpx.AsyncClient, **parameters: str) -> dict[str, Any]:
    """Return the open notices by kind and subject, without that of the reader that retries an event."""
    answer = await admin.get("notices", params=parameters)
    assert answer.status_code == 200, answer.text
    found = {f"{one['kind']} {one['subject']}".strip(): one for one in answer.json()["items"]}
    return {key: one for key, one in found.items() if key != "reader_lags gateway reactions"}


async def test_the_operator_is_told_once_by_mail_and_in_the_app_until_it_is_acknowledged_or_over(
    harness: MailHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.adapters.health.HEALTH_ANSWER_SECONDS", 1.5)  # one does not answer
    lost = PaymentFinished(
        order="HQADZ-LOST0001-ABCD",
        account=CODES.account("nobody@example.com"),
        plan=BRONZE,
        payment="5001",
        paid=BRONZE.price_usd,
        coin="BTC",
        by_hand=False,
    )
    await harness.billing.publish(f"order-{lost.order}", lost)  # nobody knows whose it is: a dead letter
    async with (
        answering(harness.nats.url, harness.prefix, OTHERS) as answers,
        harness.gateway(**SOON) as http,
        operator(http, admin_token=ADMIN_TOKEN) as admin,
    ):
        lags = ReaderHealth(name="reactions", waiting=7, oldest_seconds=400.0, dead_letters=0)
        answers["scheduler"] = ServiceHealth(
            service="scheduler", relay_seconds=400.0, relay_error="no reply", readers=(lags,)
        )
        del answers["forwarder"]
        problems = {"reader_lags scheduler reactions", "relay_stalls scheduler", "service_silent forwarder"}
        expected = {"low_stock", DEAD, *problems}
        found = await until(
            lambda: shown(admin),
            lambda open_: expected <= {key for key, one in open_.items() if one["mailed_at"]},
        )
        assert set(found) == expected
        assert "0 unused sessions left" in found["low_stock"]["detail"]
        assert "Upload sessions" in found["low_stock"]["advice"]
        mails = await harness.mails.mails()
        for address in OPERATORS:
            mine = [mail for mail in mails if address in dict(mail.headers)["To"]]
            text = " ".join(" ".join(mail.text for mail in mine).split())
            for one in found.values():
                assert text.count(one["detail"]) == 1

        low = found["low_stock"]
        for _ in range(2):
            answer = await admin.post(f"notices/{low['id']}/acknowledge")
            assert answer.json()["acknowledged_at"]
        assert set(await shown(admin)) == expected - {"low_stock"}
        assert (await shown(admin, all="true"))["low_stock"]["cleared_at"] is None
        unknown = await admin.post(f"notices/{CODES.account('x@example.com')}/acknowledge")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_notice")
        assert (await http.get("/admin/notices")).status_code == 401

        first = (await admin.get("notices", params={"all": "true", "limit": 2})).json()
        rest = (await admin.get("notices", params={"all": "true", "cursor": first["next"]})).json()
        both = [one["id"] for one in (*first["items"], *rest["items"])]
        assert len(both) == len(set(both)) >= len(expected)
        answers["scheduler"], answers["forwarder"] = well("scheduler"), well("forwarder")
        await harness.row("delete from engine.parked returning 1")
        await until(lambda: shown(admin), lambda open_: not open_)
        once = (
            "select count(*) = count(distinct (data->>'kind', data->>'subject')) from engine.events "
            "where type = 'NoticeRaised'"
        )
        assert await harness.row(once)
