"""A letter in the form in which it travels."""

import re
from binascii import b2a_qp
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from services.gateway.ports import Letter

_PRINTABLE = re.compile(r"[!-~]([ -~]*[!-~])?")
_BOUNDARY = "=_part_of_the_letter"
"""No line of quoted-printable text can hold it: there an equals sign is followed by a number or nothing."""
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
    """Return a letter as a whole message of short ASCII lines; raise `ValueError` if a header can't be so.

    The standard library takes milliseconds to parse, fold and write a message. Here it does so for what is
    said again and again; what else stands in a header is printable ASCII, or there is no message.
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
    """Return a header that needs no encoding, on one line."""
    if not _PRINTABLE.fullmatch(value):
        message = f"{name} holds what a header can't"
        raise ValueError(message)
    return f"{name}: {value}\r\n".encode("ascii")


@lru_cache(maxsize=64)
def _folded(name: str, value: str) -> bytes:
    """Return any header, encoded and folded where it needs to be."""
    return SMTP.fold_binary(*SMTP.header_store_parse(name, value))


def _quoted(text: str) -> bytes:
    lines = text.encode().splitlines()
    return b2a_qp(b"\r\n".join([*lines, b""]), istext=True)
