"""Writes data of this version, for tests of later ones: `python -m tests.older_data.make FOLDER`.

To write data of an older version, copy this folder into a checkout of it and run it there. The whole path
runs against the sandboxes: a paid order, its adbot, two cycles, and a renewal that is paid in part. The
result is small: dumps of the databases, the event stream, the secrets of the data, and the API's answers.
"""

import asyncio
import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import asyncpg

from adrelay.demo.rest import Rest, until
from adrelay.demo.system import LocalSystem
from adrelay.runtime.postgres import EmbeddedPostgres, postgres_binaries
from tests.e2e.scenarios import running
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
}


async def write(folder: Path) -> None:
    """Run the whole path, and write the data to this existing folder."""
    with tempfile.TemporaryDirectory(prefix="adrelay-") as here:
        data = Path(here) / "data"
        data.mkdir(mode=0o700)
        async with LocalSystem(data, settings=SETTINGS) as system:
            email = await _run_the_path(system)
            environment = await system.environment()
            found = await answers(system.url, system.admin_token, email)
        recorded = {
            "email": email,
            "secrets": {name: environment[name] for name in SECRETS},
            "answers": found,
        }
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
    asyncio.run(write(target))
