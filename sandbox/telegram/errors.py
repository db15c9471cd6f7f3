"""The errors in the server's answers, and those raised by its controls."""

_CODES = {
    "AUTH_KEY_DUPLICATED": 406,
    "AUTH_KEY_UNREGISTERED": 401,
    "SESSION_EXPIRED": 401,
    "SESSION_REVOKED": 401,
    "USER_DEACTIVATED": 401,
    "USER_DEACTIVATED_BAN": 401,
    "CHAT_GUEST_SEND_FORBIDDEN": 403,
    "CHAT_WRITE_FORBIDDEN": 403,
    "MESSAGE_DELETE_FORBIDDEN": 403,
    "PREMIUM_ACCOUNT_REQUIRED": 403,
    "PRIVACY_PREMIUM_REQUIRED": 403,
    "FROZEN_METHOD_INVALID": 420,
    "RANDOM_ID_DUPLICATE": 500,
    "RPC_CALL_FAIL": 500,
    "WORKER_BUSY_TOO_LONG_RETRY": 500,
    "TIMEOUT": -503,
}
_FAMILIES = (
    ("FLOOD_WAIT_", 420),
    ("FLOOD_PREMIUM_WAIT_", 420),
    ("SLOWMODE_WAIT_", 420),
    ("CHAT_SEND_", 403),
    ("ALLOW_PAYMENT_REQUIRED", 403),
    ("PHONE_MIGRATE_", 303),
    ("USER_MIGRATE_", 303),
)
_ORDINARY = 400


def code_of(name: str) -> int:
    """Return Telegram's number of an error's name; 400 for unknown names."""
    family = next((code for start, code in _FAMILIES if name.startswith(start)), _ORDINARY)
    return _CODES.get(name, family)


class RpcError(Exception):
    """The refusal of a call, with Telegram's name and number."""

    def __init__(self, name: str, code: int | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.code = code_of(name) if code is None else code


class SandboxError(Exception):
    """A request of a control is impossible in this world; the text says why."""


class UnknownError(SandboxError):
    """A control named an unknown account, chat, message or fault."""


class MalformedError(Exception):
    """A client sent bytes that are not MTProto; its connection is closed."""
