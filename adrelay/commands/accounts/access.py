"""`adrelay accounts devices | api-keys | webhooks …`: what opens an account, and what it is told by."""

from typing import Annotated, Any, Literal

import typer

from adrelay.commands.accounts.private_ids import AccountArgument
from adrelay.commands.asking import account_path, change, given, id_part, remove, show_list
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption, LimitOption
from adrelay.terminal.listing import Column, Form, Item, print_list

MessageState = Literal["waiting", "delivered", "given_up"]

_DEVICES = (
    Column("device", "id"),
    Column("signed in", "signed_in_at", Form.MOMENT),
    Column("last seen", "last_seen_at", Form.MOMENT),
    Column("ends", "expires_at", Form.MOMENT),
    Column("address", "address"),
    Column("program", "agent"),
)
_KEYS = (
    Column("key", "id"),
    Column("name", "name"),
    Column("scopes", lambda key: ", ".join(key["scopes"])),
    Column("", lambda key: "expired" if key["expired"] else "active", Form.STATE),
    Column("issued", "issued_at", Form.MOMENT),
    Column("ends", "expires_at", Form.MOMENT),
    Column("uses", "uses", Form.COUNT),
    Column("last used", "last_used_at", Form.MOMENT),
    Column("from", "last_address"),
)


def _off_because(webhook: Item) -> str:
    return ": ".join(part for part in (webhook["off_reason"], webhook["off_detail"]) if part)


_WEBHOOKS = (
    Column("webhook", "id"),
    Column("is", lambda webhook: "on" if webhook["on"] else "off", Form.STATE),
    Column("url", "url"),
    Column("events", lambda webhook: ", ".join(webhook["events"])),
    Column("since", "added_at", Form.MOMENT),
    Column("because", _off_because),
    Column("description", "description"),
)
_MESSAGES = (
    Column("message", "id"),
    Column("type", "type"),
    Column("is", "state", Form.STATE),
    Column("made", "created_at", Form.MOMENT),
    Column("attempts", "attempts", Form.AMOUNT),
    Column("last answer", lambda one: one["last_error"] or one["last_status"]),
    Column("next attempt", "next_attempt_at", Form.MOMENT),
    Column("because", "detail"),
)


def devices(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the devices that are signed in to an account, the last seen first."""
    nothing = "no device is signed in"
    show_list(env_file, f"{account_path(account)}/devices", _DEVICES, nothing=nothing, json=json)


def sign_out_device(
    account: AccountArgument,
    device: Annotated[
        str, typer.Argument(metavar="DEVICE", help="The device's id, as listed.", show_default=False)
    ],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Sign one device of an account out. `adrelay accounts sign-out` signs all out."""
    path = f"{account_path(account)}/devices/{id_part(device)}"
    remove(env_file, path, f"device {device.strip()} is signed out", json=json)


def api_keys(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an account's API keys with how often each was used, the latest first."""
    nothing = "the account has no API key"
    show_list(env_file, f"{account_path(account)}/api-keys", _KEYS, nothing=nothing, json=json)


def revoke_api_key(
    account: AccountArgument,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as listed.", show_default=False)],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Revoke an API key of an account: it is refused from now on."""
    path = f"{account_path(account)}/api-keys/{id_part(key)}"
    remove(env_file, path, f"API key {key.strip()} is revoked", json=json)


def webhooks(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an account's webhooks, the latest first."""
    nothing = "the account has no webhook"
    show_list(env_file, f"{account_path(account)}/webhooks", _WEBHOOKS, nothing=nothing, json=json)


def webhook_messages(
    account: AccountArgument,
    webhook: Annotated[
        str, typer.Argument(metavar="WEBHOOK", help="The webhook's id, as listed.", show_default=False)
    ],
    state: Annotated[
        MessageState | None, typer.Option(help="Only messages in this state.", show_default=False)
    ] = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the messages of a webhook that wait, or ended in the last seven days, the latest first."""
    show_list(
        env_file,
        f"{account_path(account)}/webhooks/{id_part(webhook)}/deliveries",
        _MESSAGES,
        nothing="no such message",
        json=json,
        parameters=given(state=state),
        most=limit,
    )


def webhook_off(
    account: AccountArgument,
    webhook: Annotated[
        str, typer.Argument(metavar="WEBHOOK", help="The webhook's id, as listed.", show_default=False)
    ],
    reason: Annotated[str, typer.Option("--reason", help="The owner is told it.", show_default=False)],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Switch a webhook off. Messages that wait are given up; its owner may switch it on again."""
    path = f"{account_path(account)}/webhooks/{id_part(webhook)}/off"
    change(env_file, "POST", path, _print_webhook, json=json, body={"reason": reason})


def _print_webhook(webhook: dict[str, Any]) -> None:
    print_list([webhook], _WEBHOOKS)
