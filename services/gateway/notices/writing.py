"""Writes the mail of several notices to the operator."""

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from uuid import UUID

from services.gateway.mail.writing import templates
from services.gateway.notices.advice import ADVICE, TITLES
from services.gateway.notices.tables import Notice
from services.gateway.ports import Letter

MOST_LISTED = 20
"""How many notices a mail lists; it says how many more there are."""


class NoticeWriter:
    """Writes mails of notices; every copy of one has the same `Message-ID`."""

    def __init__(self, sender: Address, *, site_url: str = "") -> None:
        self._domain, self._site_url = sender.domain, site_url
        self._signature = sender.display_name or sender.domain
        self._templates = templates()

    def write(self, to: str, mail: UUID, notices: Sequence[Notice], at: datetime) -> Letter:
        """Return the mail of these notices, at least one, to one address."""
        first = TITLES[notices[0].kind]
        subject = first if len(notices) == 1 else f"{first}, and {len(notices) - 1} more"
        values = {
            "subject": f"Adrelay: {subject}",
            "notices": notices[:MOST_LISTED],
            "more": len(notices) - MOST_LISTED,
            "titles": TITLES,
            "advice": ADVICE,
            "site_url": self._site_url,
            "signature": self._signature,
        }
        return Letter(
            to=to,
            subject=f"Adrelay: {subject}",
            text=self._templates.get_template("notices.txt").render(values),
            html=self._templates.get_template("notices.html").render(values),
            message_id=f"<{mail}@{self._domain}>",
            date=at,
        )
