"""`adrelay stock add | add-application`: secrets come from files and standard input, never from arguments."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from adrelay.commands.asking import change
from adrelay.servers.gateway import Gateway, Refusal
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.inputs import read_input
from adrelay.terminal.listing import Column, Form, print_list
from adrelay.terminal.outcome import Exit, Unusable, carry_out, print_json, screen
from adrelay.terminal.reasons import reason_of

_MOST_BYTES = 300 * 1024
"""More than the gateway takes of a file, so that it refuses longer ones."""
_MOST_STRINGS_BYTES = 8 * 1024 * 1024
_MOST_HASH_BYTES = 200


def add(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Telethon .session files, or folders of them.", show_default=False
        ),
    ] = None,
    strings: Annotated[
        Path | None,
        typer.Option(
            help="A file with a string session on each line; - for standard input.", show_default=False
        ),
    ] = None,
    application: Annotated[
        str | None,
        typer.Option(help="The Telegram application to use them with, by its id.", show_default=False),
    ] = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Add sessions to the stock. Each signs in once; one that is refused does not hold up the others.

    Exit codes: 0 all were added, 1 some were refused, 2 could not run.
    """
    carry_out(lambda: _add(env_file, files or [], strings, application, json=json))


def add_application(
    api_id: Annotated[int, typer.Option(help="Its number, as Telegram shows it.", show_default=False)],
    api_hash_file: Annotated[
        Path | None,
        typer.Option(help="A file with its hash; - for standard input; else it is asked for."),
    ] = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Add a Telegram application. Its hash is stored encrypted, and never shown."""
    if api_hash_file is None:
        api_hash: str = typer.prompt("api_hash", hide_input=True)
    else:
        api_hash = read_input(api_hash_file, _MOST_HASH_BYTES).decode()
    body: dict[str, object] = {"api_id": api_id, "api_hash": api_hash.strip()}
    change(env_file, "POST", "telegram-applications", _print_application, json=json, body=body)


def _print_application(added: dict[str, Any]) -> None:
    print_list([added], (Column("application", "pair"), Column("api_id", "api_id", Form.AMOUNT)))


async def _add(
    env_file: Path, files: Sequence[Path], strings: Path | None, application: str | None, *, json: bool
) -> Exit:
    uploads = [*_session_files(files), *_string_sessions(strings)]
    if not uploads:
        raise Unusable("there is no session to add: name files, a folder with .session files, or --strings")
    fields = {} if application is None else {"pair": application.strip()}
    results: list[dict[str, Any]] = []
    async with Gateway(env_file) as gateway:
        for upload in uploads:
            results.append(await _added(gateway, upload, fields))
            if not json:
                _print_result(results[-1])
    if json:
        print_json(results)
    return Exit.OK if all(result["added"] for result in results) else Exit.FOUND


async def _added(gateway: Gateway, upload: "_Session", fields: Mapping[str, str]) -> dict[str, Any]:
    """Add a session; return what came of it."""
    problem, session = None, None
    try:
        session = (await _answer(gateway, upload.content, fields))["session"]
    except Refusal as refusal:
        problem = str(refusal)
    except OSError as error:
        problem = reason_of(error)
    return {"from": upload.name, "added": problem is None, "problem": problem, "session": session}


async def _answer(gateway: Gateway, content: Path | str, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(content, str):
        return await gateway.send("POST", "sessions", {"session": content, **fields})
    with content.open("rb") as opened:
        file = (content.name, opened.read(_MOST_BYTES), "application/octet-stream")
    return await gateway.upload("POST", "sessions", file, fields=fields)


def _print_result(result: Mapping[str, Any]) -> None:
    from adrelay.terminal.states import state

    outcome = state("added" if result["added"] else "refused")
    screen().items(outcome, result["from"], result["session"] or result["problem"])


class _Session(NamedTuple):
    """A session to add: the name that people know it by, and its file or its text."""

    name: str
    content: Path | str


def _session_files(files: Sequence[Path]) -> Iterator[_Session]:
    for file in files:
        for path in sorted(file.glob("*.session")) if file.is_dir() else (file,):
            yield _Session(str(path), path)


def _string_sessions(strings: Path | None) -> Iterator[_Session]:
    if strings is not None:
        lines = read_input(strings, _MOST_STRINGS_BYTES).decode().splitlines()
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _Session(f"{strings}, line {number}", line.strip())
