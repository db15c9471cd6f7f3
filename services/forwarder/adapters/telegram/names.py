"""Telegram's names of the errors that are classes in Telethon."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

from telethon.errors import RPCError
from telethon.errors.rpcerrorlist import rpc_errors_dict, rpc_errors_re

NAME_LENGTH = 120

_NAMES: dict[type[Any], str] = {kind: name for name, kind in reversed(rpc_errors_dict.items())}
_PATTERNS: dict[type[Any], str] = {kind: pattern for pattern, kind in rpc_errors_re}
_NUMBER = "(\\d+)"


def name_of(error: RPCError) -> str:
    """Return Telegram's name of an error, such as `FLOOD_WAIT_17` of a `FloodWaitError`."""
    kind = type(error)
    name = _NAMES.get(kind)
    if name is not None:
        return name
    pattern = _PATTERNS.get(kind)
    if pattern is not None:
        numbers = [value for value in vars(error).values() if isinstance(value, int)]
        return pattern.replace(_NUMBER, str(numbers[0] if numbers else 0))
    return (str(error.message) if error.message else "UNNAMED")[:NAME_LENGTH]


def code_of(error: RPCError) -> int:
    """Return the number in an error, such as the seconds to wait; 0 if there is none."""
    return error.code if isinstance(error.code, int) else 0
