"""`adrelay events rebase`: lets a store go on that was restored into a younger database cluster."""

import asyncio
from typing import Annotated

import typer

from adrelay.events.connections import connected
from adrelay.events.outcome import Exit, Unusable, carry_out, remark, say_json, screen
from adrelay.events.places import ENV_FILE, DataOption, EnvFileOption, JsonOption, Places
from adrelay.events.streaming import streaming
from libs.eventsourcing.postgres import Connection
from libs.eventsourcing.restored import RestoredElsewhere, rebase, refuse_future

_RUNNING = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'adrelay' and pid <> pg_backend_pid()
"""


def rebase_(
    service: Annotated[str, typer.Argument(help="Whose store was restored.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Have a restored store's new events stand behind all that it, and the stream, hold of it.

    Events are ordered by the transaction that wrote them, and a younger cluster begins to count anew; this
    adds what is lacking to every number from now on. No event is changed. The service must be stopped.
    Exit codes: 0 done, 1 the answer was no; 2 the service runs, wrong usage or a server that does not answer.
    """
    carry_out(lambda: _rebase(Places(data, env_file), service, yes=yes, json=json))


async def _rebase(places: Places, service: str, *, yes: bool, json: bool) -> Exit:
    url = places.databases([service])[service]
    async with (
        connected(service, url, writing=True) as connection,
        streaming(places.broker(), absent=True) as stream,
    ):
        if await connection.fetchval(_RUNNING):
            raise Unusable(f"{service} runs; stop all its processes first")
        remark(await _why(connection))
        if not yes and not await asyncio.to_thread(typer.confirm, "Rebase it?", err=True):
            return Exit.FOUND
        ahead = await rebase(connection, (await stream.last(service)).cursor)
    if json:
        say_json({"service": service, "ahead": ahead})
    else:
        screen().print(f"✓ new events of {service} are counted {ahead:,} ahead of its cluster; start it now")
    return Exit.OK


async def _why(connection: Connection) -> str:
    try:
        await refuse_future(connection)
    except RestoredElsewhere as error:
        return str(error).partition(". Run")[0] + "."
    return "The store's events are not ahead of this cluster; only the stream's place is looked at."
