"""The command that runs the sandbox in a process of its own."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from sandbox.nowpayments import NowPaymentsControl
from sandbox.nowpayments.cli import app
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.nowpayments_sandbox.merchant import Merchant, signature_of

MODULE = "sandbox.nowpayments.cli"


def files_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_says_where_it_is_and_ends_well_on_a_signal(
    tmp_path: Path, merchant: Merchant, number: signal.Signals
) -> None:
    ready_file = tmp_path / "ready.json"
    options = ["--port", "0", "--ready-file", str(ready_file), "--api-key", "k", "--ipn-secret", "s"]
    options += ["--redeposits", "partially_paid"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, *options, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS))
        assert ready["control_url"] == f"{ready['url']}/control"
        async with (
            httpx.AsyncClient(base_url=ready["url"], headers={"x-api-key": "k"}, trust_env=False) as api,
            NowPaymentsControl(ready["control_url"]) as control,
        ):
            asked = {"price_amount": 55, "price_currency": "usd", "pay_currency": "xrp"}
            made = await api.post("/v1/payment", json={**asked, "ipn_callback_url": merchant.url})
            assert made.json()["payin_extra_id"]
            await control.pay(made.json()["payment_id"])
            assert (await control.switches()).redeposits == "partially_paid"
        assert merchant.received[-1].signature == signature_of(merchant.received[-1].body, "s")
    finally:
        process.send_signal(number)
        code = await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
    assert code == 0
    assert {file.name: json.loads(file.read_text()) for file in files_of(tmp_path)} == {"ready.json": ready}


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--api-key", "k"],
        ["--api-key", "k", "--ipn-secret", " "],
        ["--api-key", "k", "--ipn-secret", "s", "--memo-coin", "doge"],
    ],
)
def test_the_command_refuses_options_that_make_no_sense(options: list[str]) -> None:
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
