"""`adrelay adbots periods` and `adrelay operations periods`: what was sent by hour or day."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from adrelay.commands.adbots.options import AdbotArgument
from adrelay.commands.asking import adbot_path, given, show_list
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.listing import Column, Form

Span = Literal["hour", "day"]
ByOption = Annotated[Span, typer.Option("--by", help="By hour, or by day.")]
LastOption = Annotated[
    int | None,
    typer.Option(
        help="How many, with the one that is going on: up to 48 hours or 31 days; 24 or 14 if not given.",
        min=1,
        show_default=False,
    ),
]
ZoneOption = Annotated[str, typer.Option("--time-zone", help="The zone whose days are meant.")]

_PERIODS = (
    Column("from (UTC)", "start", Form.MOMENT),
    Column("cycles", "cycles", Form.COUNT),
    Column("sent", "sent", Form.AMOUNT),
    Column("failed", "failed", Form.COUNT),
    Column("left out", "left_out", Form.COUNT),
)


def periods_of_adbot(
    adbot: AdbotArgument,
    by: ByOption = "hour",
    last: LastOption = None,
    time_zone: ZoneOption = "UTC",
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show what an adbot sent in each of the last hours or days."""
    _show(env_file, f"{adbot_path(adbot)}/statistics/periods", by, last, time_zone, json=json)


def periods(
    by: ByOption = "day",
    last: LastOption = None,
    time_zone: ZoneOption = "UTC",
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show what all adbots sent in each of the last days or hours."""
    _show(env_file, "statistics/periods", by, last, time_zone, json=json)


def _show(env_file: Path, path: str, by: Span, last: int | None, time_zone: str, *, json: bool) -> None:
    parameters = given(by=by, last=last, time_zone=time_zone)
    show_list(env_file, path, _PERIODS, nothing="nothing", json=json, parameters=parameters, key="periods")
