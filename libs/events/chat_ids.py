"""Ids of channels and supergroups in the form that Telegram's clients and its Bot API show: -(10¹² + id).

Source: https://core.telegram.org/api/bots/ids
"""

_MARK = 10**12
LARGEST_CHANNEL = _MARK - 2**31
"""The largest id of a channel or supergroup; what is beyond belongs to secret chats."""
_DIGITS = len(str(_MARK))
_GLUED = "-100"


def private_ref(channel: int) -> str:
    """Return the reference to a channel or supergroup by its id, which is positive."""
    return f"-{_MARK + channel}"


def is_private(ref: str) -> bool:
    """Return whether a reference names a chat by its id, not by a public name or an invite link."""
    return ref.startswith("-")


def channel_of(ref: str) -> int:
    """Return the positive id of the channel or supergroup that a reference without a topic names.

    Events of earlier versions put -100 before the id, which differs unless the id has ten digits.
    """
    if len(ref) == 1 + _DIGITS:
        return -int(ref) - _MARK
    return int(ref.removeprefix(_GLUED))


def chat_of(ref: str) -> str:
    """Return the one reference to the chat that any reference of this kind names, without its topic.

    A public name and an id of the same chat are different kinds: only Telegram knows that they are one.
    """
    chat = ref.partition("/")[0]
    return private_ref(channel_of(chat)) if is_private(chat) else chat
