"""Restores a data folder of an older version, as if that version had just been stopped."""

import asyncio
import gzip
import json
import subprocess
import tarfile
from pathlib import Path

import asyncpg

from adrelay.demo.rest import Json
from adrelay.runtime.postgres import EmbeddedPostgres, postgres_binaries
from tests.older_data.answers import lasting

WRITTEN = Path(__file__).parent / "written"
"""The data that `make` wrote, by the commit of its version."""
VERSIONS = sorted(path.name for path in WRITTEN.iterdir())
AGELESS = {"ADRELAY_GATEWAY_DELIVERIES_DAYS": "36500"}
"""The settings of a system on the data: nothing of it is deleted for its age."""
_COUNT = "do $$ begin for i in 1..{count} loop perform pg_current_xact_id(); commit; end loop; end $$"


def recorded_answers(version: str) -> Json:
    """Return an older version's client address, secrets, and answers of the API."""
    found: Json = json.loads((WRITTEN / version / "told.json").read_text())
    answers = found["answers"]
    answers["own_orders"] = [lasting(order) for order in answers["own_orders"]]
    answers["orders"] = {number: lasting(order) for number, order in answers["orders"].items()}
    return found


async def restore(version: str, folder: Path) -> None:
    """Restore an older version's databases and event stream into a folder for `adrelay up --folder`.

    The cluster counts as many transactions as the one that the data comes from: a store that was restored
    into a younger one has to be rebased.
    """
    source = WRITTEN / version
    with tarfile.open(source / "jetstream.tar.gz") as packed:
        packed.extractall(folder / "nats", filter="data")
    for made in (folder / "nats", *(folder / "nats").glob("**/")):
        made.chmod(0o700)  # the filter extracts folders with default permissions
    postgres = EmbeddedPostgres(folder / "postgres")
    await postgres.start()
    try:
        connection = await asyncpg.connect(postgres.url("postgres"))
        await connection.execute("set synchronous_commit to off")
        await connection.execute(_COUNT.format(count=int((source / "transactions").read_text())))
        await connection.close()
        for dump in sorted(source.glob("*.sql.gz")):
            url = await postgres.ensure_database(dump.name.removesuffix(".sql.gz"))
            await asyncio.to_thread(_load, url, gzip.decompress(dump.read_bytes()))
    finally:
        await postgres.stop()
        (folder / "postgres" / "port").unlink()  # the next start chooses one


def _load(url: str, statements: bytes) -> None:
    program = postgres_binaries(None) / "psql"
    command = [str(program), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", url]
    subprocess.run(command, input=statements, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
