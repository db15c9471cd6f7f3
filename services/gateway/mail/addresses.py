"""Which e-mail addresses mails can be sent to."""

import re
from email.errors import MessageError
from email.headerregistry import Address

_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)


def mailbox_of(text: str) -> Address:
    """Return an address as every server takes it; raise `ValueError` if it only looks like one."""
    try:
        plain = Address(addr_spec=text)
        domain = plain.domain.encode("idna").decode()
    except (ValueError, IndexError, AttributeError, MessageError):
        # the library's own ways to fail: AttributeError where it can't make sense of `a@[`
        raise ValueError("is no address that mails can be sent to") from None
    # what other letters are written as may be anything, an @ too
    if plain.addr_spec != text or not _DOMAIN.fullmatch(domain):
        raise ValueError("is no address that mails can be sent to")
    return Address(username=plain.username, domain=domain)
