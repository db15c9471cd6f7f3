"""Looks for a text in every column of every table of a database."""

import asyncpg

_TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
    and n.nspname not in ('pg_catalog', 'information_schema')
order by 1
"""


async def tables_with(database: str, text: str) -> list[str]:
    """Return the tables in which a text is found, in any case; bytes are looked at too."""
    connection = await asyncpg.connect(database)
    in_hexadecimal = text.lower().encode().hex()
    try:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        assert "engine.events" in tables
        found = [
            await connection.fetchval(
                f"select exists (select from {table} t where position($1 in lower(t::text)) > 0 "  # noqa: S608 - names of the catalogue
                "or position($2 in lower(t::text)) > 0)",
                text.lower(),
                in_hexadecimal,
            )
            for table in tables
        ]
    finally:
        await connection.close()
    return [table for table, held in zip(tables, found, strict=True) if held]
