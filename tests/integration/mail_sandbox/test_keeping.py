"""What the mail sandbox does with connections that stay open, and with mails that nobody looks at."""

import asyncio
import smtplib
from email.message import EmailMessage

import pytest

from sandbox.mail import MailControl, MailSandbox
from sandbox.mail.mailbox import Mailbox
from tests.integration.mail_sandbox.test_sandbox import letter


async def test_a_server_that_refuses_connections_serves_none_that_is_open() -> None:
    async with MailSandbox() as sandbox, MailControl(sandbox.control_url) as control:
        client = await asyncio.to_thread(smtplib.SMTP, sandbox.host, sandbox.port)
        await asyncio.to_thread(client.send_message, letter())
        await control.refuse(count=1)
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            await asyncio.to_thread(client.send_message, letter())
        client.close()
        assert len(await control.mails()) == 1
        assert len(await control.faults()) == 1, "none of those that are to be refused has come yet"


async def test_a_mail_is_read_only_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def reading(content: bytes, **_: object) -> EmailMessage:
        read.append(content)
        return letter()

    monkeypatch.setattr("sandbox.mail.mailbox.message_from_bytes", reading)
    mailbox = Mailbox()
    for content in (b"one", b"two"):
        await mailbox.take(content, "shop@example.com", ["anna@example.com"], encrypted=False, user=None)
    assert read == []
    for _ in range(2):
        assert len(mailbox.all(lambda mail: mail.id > 1)) == 1
    assert read == [b"two"]
