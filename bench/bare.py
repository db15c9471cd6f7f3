"""The limit of tools for operators: connect, query, store the answer.

`python -m bench.bare TIMES trace|show|tail KEY` prints the seconds of each time. It imports only the driver
that it needs, so that its whole run is the limit of a whole command.
"""
# nats-py leaves parts of its interface untyped; each query imports only its own driver
# ruff: noqa: PLC0415
# pyright: reportUnknownMemberType=false

import asyncio
import json
import os
import sys
import time

_COLUMNS = (
    "position, xid::text as xid, id, stream, version, type, schema, at, correlation_id, causation_id, actor"
)
_TREE = f"select {_COLUMNS}, '' as data from engine.events where correlation_id = $1::text::uuid"
_STREAM = f"select {_COLUMNS}, data::text as data from engine.events where stream = $1 order by version"


async def trace(correlation_id: str) -> int:
    """Read a correlated tree from every store."""
    urls = [url for name, url in os.environ.items() if name.endswith("_POSTGRES_URL")]
    return sum(await asyncio.gather(*(_rows(url, _TREE, correlation_id) for url in urls)))


async def show(stream: str) -> int:
    """Read a stream from its store."""
    service = {"order": "BILLING", "schedule": "SCHEDULER"}[stream.partition("-")[0]]
    return await _rows(os.environ[f"ADRELAY_{service}_POSTGRES_URL"], _STREAM, stream)


async def _rows(url: str, query: str, key: str) -> int:
    import asyncpg

    connection = await asyncpg.connect(url)
    rows = await connection.fetch(query, key)
    await connection.close()
    return len(rows)


async def tail(subject: str) -> int:
    """Read the last message of the stream."""
    import nats

    client = await nats.connect(os.environ["ADRELAY_NATS_URL"])
    name = f"{os.environ['ADRELAY_NATS_PREFIX']}EVENTS"
    request = json.dumps({"last_by_subj": subject}).encode()
    answer = await client.request(f"$JS.API.DIRECT.GET.{name}", request, timeout=5)
    await client.close()
    return int((answer.headers or {})["Nats-Sequence"])


def main() -> None:
    """Measure the query of the command line."""
    times, what, key = sys.argv[1:]
    seconds: list[float] = []
    for _ in range(int(times)):
        begin = time.perf_counter()
        assert asyncio.run({"trace": trace, "show": show, "tail": tail}[what](key))
        seconds.append(time.perf_counter() - begin)
    print(*seconds)


if __name__ == "__main__":
    main()
