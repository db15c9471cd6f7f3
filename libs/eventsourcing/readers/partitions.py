"""Splits a reader's work by streams, so that several can share it, each with a checkpoint of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from zlib import crc32

from libs.eventsourcing.store.connections import Connection

_FAMILY = "select name from engine.readers where (name = $1 or name like $2) and parts <> $3"
_FREE = "select pg_try_advisory_xact_lock(hashtext($1))"


class SplitChanged(Exception):
    """A reader was split otherwise before, and those parts have not all ended at the same place yet."""


@dataclass(frozen=True)
class Part:
    """One of a reader's equal parts: the streams whose hash falls to it."""

    number: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        """Refuse a part that is none."""
        if not 0 <= self.number < self.of:
            message = f"there is no part {self.number} of {self.of}"
            raise ValueError(message)

    def name(self, reader: str) -> str:
        """Return what this part is called, such as `reactions#0/4`; the reader's own name if it is whole."""
        return reader if self.of == 1 else f"{reader}#{self.number}/{self.of}"

    def holds(self, source: str, stream: str) -> bool:
        """Say whether a stream falls to this part."""
        return self.of == 1 or crc32(f"{source}/{stream}".encode()) % self.of == self.number


WHOLE = Part()


async def take_over(connection: Connection, reader: str, part: Part, lock: str) -> None:
    """Let the parts of this split begin where those of another split ended, whose places they take.

    `lock` begins the names of the locks that active readers hold. Raises `SplitChanged` while one of the
    others is active, or while they have come to different places: let them catch up, and stop them.
    """
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", f"split.{reader}")
        rows = await connection.fetch(_FAMILY, reader, f"{reader}#%", part.of)
        names = sorted(cast("str", row["name"]) for row in rows)
        if names:
            places = await _places(connection, names)
            if len(places) > 1 or not await _all_free(connection, names, lock):
                message = f"{', '.join(names)} must first come to the same place, and be stopped"
                raise SplitChanged(message)
            await _inherit(connection, reader, part.of, names)
        await connection.execute(
            "insert into engine.readers (name, parts) values ($1, $2) on conflict do nothing",
            part.name(reader),
            part.of,
        )


async def _places(connection: Connection, names: Iterable[str]) -> set[str]:
    rows = await connection.fetch(
        "select name, (select array_agg((source, xid, position)::text order by source) "
        "from engine.checkpoints where reader = name)::text as place from unnest($1::text[]) as name",
        list(names),
    )
    return {str(row["place"]) for row in rows}


async def _all_free(connection: Connection, names: Iterable[str], lock: str) -> bool:
    for name in names:
        if not await connection.fetchval(_FREE, f"{lock}{name}"):
            return False
    return True


async def _inherit(connection: Connection, reader: str, of: int, names: list[str]) -> None:
    """Give each new part what the old ones knew, and forget the old ones."""
    parts = [Part(number, of) for number in range(of)]
    for part in parts:
        name = part.name(reader)
        await connection.execute(
            "insert into engine.checkpoints select $1, source, xid, position from engine.checkpoints "
            "where reader = $2 on conflict do nothing",
            name,
            names[0],
        )
        await connection.execute(
            "insert into engine.readers (name, events, complete_at, parts) "
            "select $1, events, complete_at, $3 from engine.readers where name = $2 on conflict do nothing",
            name,
            names[0],
            of,
        )
    for table in ("parked", "retries"):
        rows = await connection.fetch(
            f"select distinct reader, source, stream from engine.{table} where reader = any($1)",  # noqa: S608 - one of two
            names,
        )
        for row in rows:
            part = next(part for part in parts if part.holds(row["source"], row["stream"]))
            await connection.execute(
                f"update engine.{table} set reader = $4 where reader = $1 and source = $2 and stream = $3",  # noqa: S608
                *row,
                part.name(reader),
            )
    for table, column in (("checkpoints", "reader"), ("bookmarks", "reader"), ("readers", "name")):
        await connection.execute(f"delete from engine.{table} where {column} = any($1)", names)  # noqa: S608
