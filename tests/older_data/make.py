"""Writes data of this version, for tests of later ones: `python -m tests.older_data.make FOLDER`.

To write data of an older version, copy this folder into a checkout of it and run it there. The whole path
runs against the sandboxes: a paid order, its adbot, two cycles, and a renewal that is paid in part. The
result is small: dumps of the databases, the event stream, the secrets of the data, and the API's answers.

With `--running` the adbot still runs at the end, in the middle of its fifth cycle. The gateway's readers lag
behind since the second one, and the scheduler's last events are not on the stream.
"""

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import asyncpg

from adrelay.demo import steps
from adrelay.demo.rest import Json, Rest, until
from adrelay.demo.system import LocalSystem
from adrelay.runtime.postgres import EmbeddedPostgres, postgres_binaries
from sandbox.telegram import FaultAction, FaultSpec
from tests.e2e.scenarios import ordered, running
from tests.older_data.answers import answers

SECRETS = (
    "ADRELAY_GATEWAY_JWT_SECRET",
    "ADRELAY_GATEWAY_CODE_PEPPER",
    "ADRELAY_GATEWAY_ADMIN_TOKEN",
    "ADRELAY_FORWARDER_VAULT_KEYS",
)
SETTINGS = {
    "ADRELAY_SCHEDULER_DELAY_SECONDS": "0.1",
    "ADRELAY_SCHEDULER_JITTER_SECONDS": "0.1",
    "ADRELAY_FORWARDER_REQUEST_SECONDS": "2",
}
LONG_DAYS = 3660
"""Extends the adbot's plan, which must not end before the tests run."""
HELD_BACK = 3
"""How many groups of the cycle in progress have not got the post."""


async def write(folder: Path, *, adbot_runs: bool) -> None:
    """Run the whole path, and write the data to this existing folder."""
    with tempfile.TemporaryDirectory(prefix="adrelay-") as here:
        data = Path(here) / "data"
        data.mkdir(mode=0o700)
        async with LocalSystem(data, settings=SETTINGS) as system:
            environment = await system.environment()
            recorded: Json = {"secrets": {name: environment[name] for name in SECRETS}}
            if adbot_runs:
                recorded |= await _stop_in_mid_cycle(system)
            else:
                recorded["email"] = await _run_the_path(system)
                recorded["answers"] = await answers(system.url, system.admin_token, recorded["email"])
        (folder / "told.json").write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
        await _dump(data, folder)


async def _run_the_path(system: LocalSystem) -> str:
    """Run the whole path; return the client's e-mail address."""
    async with running(system) as started:
        await started.cycles(2)
        purchase = started.purchase
        renewal = await started.client.rest.post(f"{started.client.path}/renewal", {"pay_currency": "BTC"})
        payment = await system.payments.payment_of(renewal["order_number"])
        await system.payments.pay_part(payment.payment_id)
        async with Rest(system.url, system.admin_token) as operator:
            await until(
                lambda: operator.get(f"/admin/orders/{renewal['order_number']}"),
                lambda order: order["status"] == "PARTIALLY_PAID",
                within_seconds=60,
            )
        return purchase.email


async def _stop_in_mid_cycle(system: LocalSystem) -> Json:
    """Run some cycles of which the gateway misses the last ones; return what is known of them.

    The services find no broker in the end, so that some events are not published.
    """
    sample, purchase = await ordered(system)
    await steps.pay(system, purchase)
    client = await steps.sign_in(system, purchase)
    await steps.advertise(client, sample)
    async with Rest(system.url, system.admin_token) as operator:
        for _ in range(2):
            body = {"days": LONG_DAYS, "reason": "tests run later"}
            await operator.post(f"/admin{client.path}/extend", body)
    await steps.start(client)
    await until(client.log, lambda log: len(log) >= 2 * len(sample.groups), within_seconds=120)
    await client.rest.close()
    found = await answers(system.url, system.admin_token, purchase.email)
    os.kill(system.pid("gateway"), signal.SIGSTOP)
    forwarder = await asyncpg.connect(system.databases["forwarder"])
    finished = "select count(*) from engine.events where type = 'CycleFinished'"
    await until(lambda: forwarder.fetchval(finished), lambda count: count == 4, within_seconds=60)
    for chat in list(sample.groups.values())[-HELD_BACK:]:
        await system.telegram.inject_fault(FaultSpec(chat=chat, action=FaultAction.NEVER_ANSWER))
    sends = "select count(*) from cycles.sends"
    await until(lambda: forwarder.fetchval(sends), lambda count: count == HELD_BACK, within_seconds=60)
    await forwarder.close()
    await _append_unpublished(system)
    return {
        "email": purchase.email,
        "answers": found,
        "adbot": client.adbot,
        "post": sample.post,
        "groups": dict(sample.groups),
    }


async def _append_unpublished(system: LocalSystem) -> None:
    scheduler = await asyncpg.connect(system.databases["scheduler"])
    os.kill(system.pid("nats"), signal.SIGSTOP)
    events = "select count(*) from engine.events"
    before: int = await scheduler.fetchval(events)
    await until(lambda: scheduler.fetchval(events), lambda count: count > before, within_seconds=60)
    await scheduler.close()


async def _dump(data: Path, folder: Path) -> None:
    """Dump every database, and pack the stream's files."""
    postgres = EmbeddedPostgres(data / "postgres")
    await postgres.start()
    try:
        connection = await asyncpg.connect(postgres.url("postgres"))
        rows = await connection.fetch("select datname from pg_database where datname like 'adrelay\\_%'")
        counted = await connection.fetchval("select pg_current_xact_id()::text::bigint")
        await connection.close()
        (folder / "transactions").write_text(f"{counted}\n")
        program = postgres_binaries(None) / "pg_dump"
        for name in sorted(row["datname"] for row in rows):
            command = [str(program), "--no-owner", "--no-privileges", postgres.url(name)]
            dump = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
            with gzip.GzipFile(folder / f"{name}.sql.gz", "wb", mtime=0) as packed:
                packed.write(dump.stdout)
    finally:
        await postgres.stop()
    with tarfile.open(folder / "jetstream.tar.gz", "w:gz") as packed:
        packed.add(data / "nats" / "jetstream", arcname="jetstream")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True)
    asyncio.run(write(target, adbot_runs="--running" in sys.argv[2:]))
