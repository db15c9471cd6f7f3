"""`adrelay operations` and `adrelay activity`: switches, changes as they happen, and who did what."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

from tests.deadlines import DEADLINE_SECONDS
from tests.integration.cli.delivered import delivered
from tests.integration.cli.program import adrelay
from tests.integration.gateway.shop import ADMIN_TOKEN, Shop
from tests.support.forked import command, environment


async def test_blocked_chats_are_listed_and_found_by_text(shop: Shop) -> None:
    group = f"@g{uuid4().hex[:12]}"
    await adrelay(shop.url, "operations", "block-target", group, "--reason", "its owner asked")
    ran = await adrelay(shop.url, "operations", "targets", "--text", group)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1].split()[0] == group
    assert ran.out.splitlines()[1].endswith("its owner asked")
    none = await adrelay(shop.url, "operations", "sources", "--text", group)
    assert (none.code, none.out.startswith("no such channel is blocked")) == (1, True)
    await adrelay(shop.url, "operations", "unblock-target", group, "--reason", "again")
    after = await adrelay(shop.url, "operations", "targets", "--text", group, "--json")
    assert (after.code, after.document) == (1, [])


async def test_what_an_operator_did_is_listed_and_exported(shop: Shop, tmp_path: Path) -> None:
    nobody = str(uuid4())
    await adrelay(shop.url, "accounts", "suspend", nobody, "--reason", "nobody")
    ran = await adrelay(shop.url, "activity", "list", "--operation", "suspend_account", "--json")
    act = next(one for one in ran.document if nobody in one["path"])
    assert (act["actor"], act["outcome"]) == ("admin", "unknown_account")
    shown = await adrelay(shop.url, "activity", "list", "--operation", "suspend_account", "--since", "1h")
    assert act["correlation_id"] in shown.out
    named = ("--operation", "suspend_account")
    printed = await adrelay(shop.url, "activity", "export", *named)
    assert printed.out.splitlines()[0].startswith("at,actor,")
    assert nobody in printed.out
    saved = await adrelay(shop.url, "activity", "export", *named, "--output", "acts.csv", folder=tmp_path)
    assert (saved.code, saved.out) == (0, "")
    assert nobody in (tmp_path / "acts.csv").read_text()


async def test_changes_are_printed_as_they_happen(shop: Shop) -> None:
    process = await asyncio.create_subprocess_exec(
        *await command("operations", "follow", "--json"),
        env=environment({"ADRELAY_GATEWAY_URL": shop.url, "ADRELAY_GATEWAY_ADMIN_TOKEN": ADMIN_TOKEN}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = process.stdout
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert (await process.stderr.readline()).startswith(b"connected")
            adbot = await delivered(shop)
            change: dict[str, str] = {}
            while (change.get("kind"), change.get("id")) != ("adbot", adbot):
                change = json.loads(await lines.readline())
    finally:
        process.terminate()
        await process.wait()
