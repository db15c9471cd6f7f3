"""Encodes a letter as an Internet message."""

import re
from binascii import b2a_qp
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from services.gateway.ports import Letter

_PRINTABLE = re.compile(r"[!-~]([ -~]*[!-~])?")
_BOUNDARY = "=_part_of_the_letter"
"""Can't occur in quoted-printable text, where an equals sign precedes hexadecimal digits or a line end."""
_PART = (
    f"\r\n--{_BOUNDARY}\r\n"
    'Content-Type: text/{kind}; charset="utf-8"\r\n'
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)
_PLAIN, _HTML = (_PART.format(kind=kind).encode() for kind in ("plain", "html"))
_END = f"\r\n--{_BOUNDARY}--\r\n".encode()
_BEFORE_PARTS = (
    "Auto-Submitted: auto-generated\r\n"
    "MIME-Version: 1.0\r\n"
    f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'
).encode()


def message_of(letter: Letter, sender: Address, recipient: Address) -> bytes:
    """Return a letter as a message of short ASCII lines; raise `ValueError` if a header can't be encoded.

    The standard library takes milliseconds to parse, fold and write a message. It is used for headers that
    recur only, and cached; the other headers must be printable ASCII.
    """
    return b"".join(
        (
            _header("To", recipient.addr_spec),
            _folded("From", str(sender)),
            _folded("Subject", letter.subject),
            _header("Date", format_datetime(letter.date)),
            _header("Message-ID", letter.message_id),
            _BEFORE_PARTS,
            _PLAIN,
            _quoted(letter.text),
            _HTML,
            _quoted(letter.html),
            _END,
        )
    )


def _header(name: str, value: str) -> bytes:
    """Return a header that needs no encoding, on one line; raise `ValueError` if it does."""
    if not _PRINTABLE.fullmatch(value):
        message = f"{name} holds what a header can't"
        raise ValueError(message)
    return f"{name}: {value}\r\n".encode("ascii")


@lru_cache(maxsize=64)
def _folded(name: str, value: str) -> bytes:
    """Return a header, encoded and folded if necessary."""
    return SMTP.fold_binary(*SMTP.header_store_parse(name, value))


def _quoted(text: str) -> bytes:
    lines = text.encode().splitlines()
    return b2a_qp(b"\r\n".join([*lines, b""]), istext=True)
