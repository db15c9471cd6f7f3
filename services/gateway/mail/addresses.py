"""Which e-mail addresses get mail, and the one form in which each mailbox is known."""

from email.headerregistry import Address

from email_validator import EmailNotValidError, validate_email


def mailbox_of(text: str) -> Address:
    """Return an address as every mail server takes it; raise `ValueError` if none can deliver to it.

    Only the text is looked at: whether the domain exists is not asked. Letters other than ASCII may stand in
    the domain alone, and are written as IDNA does.
    """
    try:
        found = validate_email(text, strict=True, allow_smtputf8=False, check_deliverability=False)
    except EmailNotValidError:
        # the library's reason may quote the address
        raise ValueError("is no address that mails can be sent to") from None
    return Address(username=found.local_part, domain=found.ascii_domain)


def is_sender(text: str) -> bool:
    """Say whether mails may come from this address; its domain may be known in a private network alone."""
    try:
        validate_email(
            text, strict=True, allow_smtputf8=False, check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError:
        return False
    return True


def canonical(text: str) -> str:
    """Return the one form of all spellings of a mailbox: small letters, its domain in ASCII.

    Raises `ValueError` where no mail gets there.
    """
    return mailbox_of(text).addr_spec.lower()


def canonical_or_same(text: str) -> str:
    """Return the canonical form of an address, or the text in small letters if no mail gets there.

    For addresses that were stored before they were checked, and for those who ask for them.
    """
    try:
        return canonical(text)
    except ValueError:
        return text.lower()
