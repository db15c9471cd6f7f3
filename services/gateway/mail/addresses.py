"""Validates e-mail addresses and returns a mailbox's canonical form."""

import re
from email.headerregistry import Address

from email_validator import EmailNotValidError, validate_email

_ADDRESS = re.compile(r"[^\s<>\"'(),:;]+@[^\s<>\"'(),:;]+")


def mailbox_of(text: str) -> Address:
    """Return an address that every mail server accepts; raise `ValueError` if no mail can be sent to it.

    Only the syntax is checked, not the existence of the domain. Characters other than ASCII are allowed in
    the domain only, and are encoded by IDNA.
    """
    try:
        found = validate_email(text, strict=True, allow_smtputf8=False, check_deliverability=False)
    except EmailNotValidError:
        # the library's reason may quote the address
        raise ValueError("is no address that mails can be sent to") from None
    return Address(username=found.local_part, domain=found.ascii_domain)


def is_sender(text: str) -> bool:
    """Return whether this is a valid sender; its domain may be one of a private network."""
    try:
        validate_email(
            text, strict=True, allow_smtputf8=False, check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError:
        return False
    return True


def canonical(text: str) -> str:
    """Return the canonical form of a mailbox: in lower case, with the domain in ASCII.

    Raise `ValueError` if no mail can be sent to the address.
    """
    return mailbox_of(text).addr_spec.lower()


def canonical_or_same(text: str) -> str:
    """Return the canonical form of an address, or the text in lower case if no mail can be sent to it.

    For addresses that were stored before they were validated, and for queries by address.
    """
    try:
        return canonical(text)
    except ValueError:
        return text.lower()


def without_addresses(text: str) -> str:
    """Return a text in which everything that looks like an e-mail address is masked."""
    return _ADDRESS.sub("***", text)
