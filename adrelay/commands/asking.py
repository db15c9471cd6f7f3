"""What most of the operator's commands do: ask the gateway, then print the answer for people or as JSON."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adrelay.servers.gateway import Gateway, path_part
from adrelay.terminal.listing import Column, print_list
from adrelay.terminal.outcome import Exit, carry_out, print_json, remark

Parameters = Mapping[str, str | int]
Picture = Callable[[Any], None]


def given(**values: str | int | None) -> dict[str, str | int]:
    """Return the parameters that were given."""
    return {name.rstrip("_"): value for name, value in values.items() if value is not None}


def show_list(  # noqa: PLR0913 - what lists differ in
    env_file: Path,
    path: str,
    columns: Sequence[Column],
    *,
    nothing: str,
    json: bool,
    parameters: Parameters | None = None,
    most: int | None = None,
    key: str = "items",
    account: str | None = None,
) -> None:
    """Print a list of the gateway, at most so many items, and exit: with 1 if there is none.

    With an `account`, which may be an e-mail address, only what is its.
    """

    async def work() -> Exit:
        async with Gateway(env_file) as gateway:
            whose = {} if account is None else {"account": await account_id(gateway, account)}
            listed = await gateway.items(path, {**(parameters or {}), **whose}, most=most, key=key)
        if json:
            print_json(listed.items)
        else:
            print_list(listed.items, columns, nothing)
        if listed.more:
            remark(f"there are more than {most}: see --limit")
        return Exit.OK if listed.items else Exit.FOUND

    carry_out(work)


def show_one(
    env_file: Path,
    path: str,
    picture: Picture,
    *,
    json: bool,
    parameters: Parameters | None = None,
    trouble: Callable[[Any], bool] = lambda _: False,
) -> None:
    """Print one thing of the gateway, and exit: with 1 if it shows trouble."""

    async def work() -> Exit:
        async with Gateway(env_file) as gateway:
            answer = await gateway.get(path, parameters)
        show(answer, picture, json=json)
        return Exit.FOUND if trouble(answer) else Exit.OK

    carry_out(work)


def change(
    env_file: Path,
    method: str,
    path: str,
    picture: Picture,
    *,
    json: bool,
    body: Mapping[str, object] | None = None,
) -> None:
    """Change something, print what it is then, and exit."""

    async def work() -> Exit:
        async with Gateway(env_file) as gateway:
            show(await gateway.send(method, path, body), picture, json=json)
        return Exit.OK

    carry_out(work)


def remove(env_file: Path, path: str, done: str, *, json: bool) -> None:
    """End something that is not shown any more, say so, and exit."""

    async def work() -> Exit:
        from adrelay.terminal.outcome import screen

        async with Gateway(env_file) as gateway:
            await gateway.send("DELETE", path)
        show({"done": done}, lambda _: screen().say(done), json=json)
        return Exit.OK

    carry_out(work)


def show(answer: object, picture: Picture, *, json: bool) -> None:
    """Print an answer, for people or as JSON."""
    if json:
        print_json(answer)
    else:
        picture(answer)


async def account_id(gateway: Gateway, account: str) -> str:
    """Return the id of an account, by that or by its e-mail address."""
    if "@" not in account:
        return account.strip()
    return str((await gateway.get(account_path(account)))["id"])


def id_part(text: str) -> str:
    """Return a pasted id as a part of a path; what is no id is left to the gateway to refuse."""
    from libs.chassis.pasted import Kind, read

    found = read(text)
    return path_part(found.text if found.kind is Kind.ID else text.strip())


def adbot_path(adbot: str) -> str:
    """Return the path of an adbot."""
    return f"adbots/{id_part(adbot.strip().removeprefix('adbot-'))}"


def account_path(account: str) -> str:
    """Return the path of an account, by its e-mail address or id."""
    return f"accounts/{path_part(account.strip())}"
