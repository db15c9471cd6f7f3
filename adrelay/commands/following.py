"""`adrelay operations follow`: changes as they happen."""

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING

from adrelay.servers.gateway import Gateway
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, remark, screen

if TYPE_CHECKING:
    from adrelay.servers.event_stream import StreamEvent


def follow(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Print each change of any adbot, order or notification, until Ctrl-C or the gateway ends the stream.

    With --json each change is a line.
    """
    carry_out(lambda: _follow(env_file, json=json))


async def _follow(env_file: Path, *, json: bool) -> Exit:
    from adrelay.servers.event_stream import events_in

    why = "the connection is closed"
    async with Gateway(env_file) as gateway, gateway.lines("live") as lines:
        remark("connected: changes follow until Ctrl-C")
        async for event in events_in(lines):
            if event.name == "change":
                _print(event, json=json)
            elif event.name == "gap":
                remark("some changes are missing here")
            elif event.name == "end":
                why = json_.loads(event.data)["code"]
    remark(f"the gateway ended the stream: {why}")
    return Exit.OK


def _print(event: "StreamEvent", *, json: bool) -> None:
    from adrelay.terminal.moments import moment
    from adrelay.terminal.outcome import print_json

    change = json_.loads(event.data)
    if json:
        print_json(change)
    else:
        screen().items(moment(change["at"]), change["kind"], change["id"], change["event"])
