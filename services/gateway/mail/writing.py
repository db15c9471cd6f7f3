"""Writes mails from templates in text and HTML, with exact amounts."""

from email.headerregistry import Address
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from libs.events.gateway import NotificationKind
from libs.events.values import NotificationId
from services.gateway.inbox.wording import moment
from services.gateway.mail.facts import Facts
from services.gateway.origins import origin_of
from services.gateway.ports import Letter
from services.gateway.tables.values import plain

_SUBJECTS = {
    NotificationKind.ORDER_PLACED: "Your order of {plan}",
    NotificationKind.PAYMENT_RECEIVED: "Your payment for {plan} has arrived",
    NotificationKind.PARTIAL_PAYMENT: "A part of your payment for {plan} is missing",
    NotificationKind.ORDER_EXPIRED: "Your order of {plan} has expired",
    NotificationKind.ADBOT_READY: "Your adbot {plan} is ready",
    NotificationKind.ADBOT_WAITING: "Your adbot {plan} waits for a Telegram account",
    NotificationKind.SEAT_LOST: "Your adbot {plan} lost a Telegram account",
    NotificationKind.SEAT_REPLACED: "A Telegram account of your adbot {plan} was replaced",
    NotificationKind.ADBOT_STOPPED: "Your adbot {plan} has stopped",
    NotificationKind.ADBOT_SUSPENDED: "Your adbot {plan} was suspended",
    NotificationKind.EXPIRING: "Your adbot {plan} ends soon",
    NotificationKind.EXPIRED: "Your adbot {plan} has ended",
}


def templates() -> Environment:
    """Return the templates of all mails; `amount` and `moment` are their filters."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,  # templates don't change at run time, and each mail needs four files
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["amount"] = plain
    found.filters["moment"] = moment
    return found


class Writer:
    """Writes the mail of a notification; every copy has the same `Message-ID`."""

    def __init__(self, sender: Address, *, site_url: str = "") -> None:
        self._domain = sender.domain
        self._signature = sender.display_name or sender.domain
        self._site_url = site_url
        self._pages = origin_of(site_url)
        self._templates = templates()

    def write(self, facts: Facts) -> Letter:
        """Return the mail for this data; raise `jinja2.TemplateError` if a template fails."""
        notification = facts.notification
        subject = _SUBJECTS[notification.kind].format(plan=facts.order.plan)
        code = facts.access_code.get_secret_value() if facts.access_code else None
        values = {
            "subject": subject,
            "notification": notification,
            "order": facts.order,
            "others": facts.others,
            "access_code": code,
            "licence": facts.licence,
            "site_url": self._site_url,
            "page": self._page_of(facts),
            "sign_in_page": f"{self._pages}/sign-in#code={code}" if code and self._pages else "",
            "signature": self._signature,
        }
        return Letter(
            to=facts.to,
            subject=subject,
            text=self._templates.get_template(f"{notification.kind}.txt").render(values),
            html=self._templates.get_template(f"{notification.kind}.html").render(values),
            message_id=self.message_id(notification.notification),
            date=notification.raised_at,
        )

    def _page_of(self, facts: Facts) -> str:
        """Return the page of what a mail is about, empty without a site."""
        if not self._pages:
            return ""
        adbot = facts.notification.adbot
        return f"{self._pages}/adbots/{adbot}" if adbot else f"{self._pages}/pay/{facts.order.order}"

    def message_id(self, notification: NotificationId) -> str:
        """Return the `Message-ID` of a notification's mail, the same for every copy."""
        return f"<{notification}@{self._domain}>"
