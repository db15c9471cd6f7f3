"""What a text looks like to people: names and links in Telegram are ASCII, and other scripts imitate it."""

import unicodedata

_LOOKALIKES = str.maketrans(
    "авсԁеһніјкӏмгорԛѕтухѡƽαβεικοɩρτμχɑɡıʟᴀʙᴄᴅᴇꜰɢʜɪᴊᴋᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ。⁄∕",  # noqa: RUF001
    "abcdehhijklmropqstyxwsabeikoiptmxagilabcdefghijkmnoprstuvwyz.//",
)
"""Letters and signs that look like those of names and links."""


def look(text: str) -> str:
    """Return what a text looks like: in lower case, without invisible characters, accents and lookalikes."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LOOKALIKES)
    return "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Mn"})
