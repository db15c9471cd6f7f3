"""The mails to clients and to the operator."""

import ssl
from datetime import timedelta

from libs.chassis.service import Chassis
from services.gateway.account.codes import AccessCodes
from services.gateway.adapters.smtp import SmtpMailer
from services.gateway.mail.outbox import Outbox
from services.gateway.mail.writing import Writer
from services.gateway.notices.mailing import Mailing, NoticeMails
from services.gateway.notices.writing import NoticeWriter
from services.gateway.ports import Mailer
from services.gateway.settings import GatewaySettings

_LEASE_SPARE_SECONDS = 5.0


async def send_mails(settings: GatewaySettings, chassis: Chassis, codes: AccessCodes) -> None:
    """Send the mails of notifications until cancelled."""
    async with mailer_of(settings) as mailer:
        await outbox_of(settings, chassis, codes, mailer).run()


async def mail_notices(settings: GatewaySettings, chassis: Chassis) -> None:
    """Send notices to the operator's addresses until cancelled."""
    addresses = settings.operator_addresses
    mailing = Mailing(
        addresses=addresses,
        gather=timedelta(seconds=settings.operator_mail_gather_seconds),
        most_an_hour=settings.operator_mails_per_hour,
        lease=timedelta(seconds=settings.smtp_timeout_seconds * len(addresses) + _LEASE_SPARE_SECONDS),
    )
    writer = NoticeWriter(settings.sender, site_url=settings.site_url)
    async with mailer_of(settings) as mailer:
        await NoticeMails(chassis.engine, mailer, writer, mailing).run()


def mailer_of(settings: GatewaySettings) -> SmtpMailer:
    """Return the SMTP mailer of these settings."""
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.sender,
        username=settings.smtp_username,
        password=settings.smtp_password,
        trusted=ssl.create_default_context(cafile=settings.smtp_ca_file),
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def outbox_of(settings: GatewaySettings, chassis: Chassis, codes: AccessCodes, mailer: Mailer) -> Outbox:
    """Return the outbox that sends mails through this mailer."""
    return Outbox(
        chassis.engine,
        mailer,
        Writer(settings.sender, site_url=settings.site_url),
        codes,
        timeout_seconds=settings.smtp_timeout_seconds,
        give_up_seconds=settings.mail_give_up_seconds,
    )
