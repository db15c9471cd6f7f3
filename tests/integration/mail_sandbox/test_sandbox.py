"""The mail sandbox, spoken to by Python's own SMTP client."""

import asyncio
import json
import signal
import smtplib
import ssl
import sys
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.mail import ControlError, MailControl, MailSandbox, SandboxSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.support.waiting import until

ANNA = "anna@example.com"
BERT = "bert@example.com"


def letter(to: str = ANNA, subject: str = "Grüße") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@example.com>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<1@example.com>"
    message["Date"] = "Mon, 04 Mar 2030 10:00:00 +0000"
    message.set_content("Plain, naïve text\n.\n.. dots\n")
    message.add_alternative("<p>HTML, naïve text</p>", subtype="html")
    return message


async def send(sandbox: MailSandbox, *messages: EmailMessage) -> None:
    def work() -> None:
        with smtplib.SMTP(sandbox.host, sandbox.port, timeout=DEADLINE_SECONDS) as client:
            for message in messages:
                client.send_message(message)

    await asyncio.to_thread(work)


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox() -> AsyncIterator[MailSandbox]:
    async with MailSandbox() as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def control(sandbox: MailSandbox) -> AsyncIterator[MailControl]:
    async with MailControl(sandbox.control_url) as control:
        yield control


async def test_a_mail_is_kept_as_it_was_sent(sandbox: MailSandbox, control: MailControl) -> None:
    await send(sandbox, letter())
    (mail,) = await control.mails()
    assert (mail.id, mail.sender, mail.recipients) == (1, "shop@example.com", (ANNA,))
    assert (mail.subject, mail.message_id) == ("Grüße", "<1@example.com>")
    assert mail.date is not None
    assert mail.date.isoformat() == "2030-03-04T10:00:00+00:00"
    assert mail.text.replace("\r\n", "\n") == "Plain, naïve text\n.\n.. dots\n"
    assert mail.html.strip() == "<p>HTML, naïve text</p>"
    assert ("From", "Shop <shop@example.com>") in mail.headers
    assert (mail.encrypted, mail.user) == (False, None)


async def test_mails_are_listed_by_recipient_subject_and_place(
    sandbox: MailSandbox, control: MailControl
) -> None:
    await send(sandbox, letter(ANNA, "one"), letter(BERT, "two"), letter(ANNA, "TWO"))
    assert [mail.id for mail in await control.mails()] == [1, 2, 3]
    assert [mail.id for mail in await control.mails(ANNA)] == [1, 3]
    assert [mail.id for mail in await control.mails(subject="two")] == [2, 3]
    assert [mail.id for mail in await control.mails(ANNA, after=1)] == [3]


async def test_waiting_ends_when_the_mails_are_there(sandbox: MailSandbox, control: MailControl) -> None:
    waiting = asyncio.create_task(control.wait_for(ANNA, count=2))
    await send(sandbox, letter(), letter(BERT), letter())
    assert [mail.id for mail in await waiting] == [1, 3]


async def test_waiting_in_vain_is_an_error(sandbox: MailSandbox, control: MailControl) -> None:
    await send(sandbox, letter())
    with pytest.raises(ControlError, match="1 of 2"):
        await control.wait_for(ANNA, count=2, timeout_seconds=0.1)


async def test_clearing_forgets_mails_and_goes_on_counting(
    sandbox: MailSandbox, control: MailControl
) -> None:
    await send(sandbox, letter())
    await control.clear()
    await send(sandbox, letter())
    assert [mail.id for mail in await control.mails()] == [2]


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        ("connect", smtplib.SMTPConnectError),
        ("mail", smtplib.SMTPSenderRefused),
        ("rcpt", smtplib.SMTPRecipientsRefused),
        ("data", smtplib.SMTPDataError),
    ],
)
async def test_every_stage_can_be_refused(
    sandbox: MailSandbox, control: MailControl, stage: str, error: type[Exception]
) -> None:
    await control.answer(452, "4.2.2 full", stage=stage, count=1)  # type: ignore[arg-type]  # parametrised  # pyright: ignore[reportArgumentType]
    with pytest.raises(error):
        await send(sandbox, letter())
    assert await control.mails() == []
    await send(sandbox, letter())
    assert len(await control.mails()) == 1


async def test_one_recipient_is_refused_and_the_others_are_not(
    sandbox: MailSandbox, control: MailControl
) -> None:
    await control.answer(550, "5.1.1 nobody", recipient=ANNA)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await send(sandbox, letter(ANNA))
    await send(sandbox, letter(BERT))
    assert [mail.recipients for mail in await control.mails()] == [(BERT,)]


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
async def test_the_connection_ends_at_any_stage_and_nothing_is_kept(
    sandbox: MailSandbox, control: MailControl, stage: str
) -> None:
    await control.close_in(stage, count=1)  # type: ignore[arg-type]  # parametrised  # pyright: ignore[reportArgumentType]
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await send(sandbox, letter())
    assert await control.mails() == []
    await send(sandbox, letter())


async def test_connections_are_ended_before_the_greeting(sandbox: MailSandbox, control: MailControl) -> None:
    await control.refuse()
    for _ in range(2):
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            await send(sandbox, letter())
    await control.heal()
    await send(sandbox, letter())


async def test_a_mail_is_kept_and_its_answer_is_lost(sandbox: MailSandbox, control: MailControl) -> None:
    await control.drop_answers(count=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await send(sandbox, letter())
    assert len(await control.mails()) == 1


async def test_a_hanging_server_lets_go_when_it_is_healed(sandbox: MailSandbox, control: MailControl) -> None:
    await control.hang(stage="data", seconds=60, count=1)
    sending = asyncio.create_task(send(sandbox, letter()))
    await until(control.faults, lambda faults: faults == [])  # it has struck, and hangs
    await control.heal()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await sending
    assert await control.mails() == []


async def test_a_slow_server_takes_the_mail_all_the_same(sandbox: MailSandbox, control: MailControl) -> None:
    await control.be_slow(60, count=1)
    sending = asyncio.create_task(send(sandbox, letter()))
    await control.wait_for(ANNA)
    assert not sending.done()
    await control.heal()
    await sending


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
async def test_an_encrypted_server_asks_for_its_password(encryption: str) -> None:
    settings = SandboxSettings(encryption=encryption, user="shop", password="hush")  # type: ignore[arg-type]  # parametrised  # pyright: ignore[reportArgumentType]
    async with MailSandbox(settings) as sandbox, MailControl(sandbox.control_url) as control:
        trusted = ssl.create_default_context(cadata=sandbox.certificate)

        def work(password: str) -> None:
            client: smtplib.SMTP
            if encryption == "tls":
                client = smtplib.SMTP_SSL(
                    sandbox.host, sandbox.port, timeout=DEADLINE_SECONDS, context=trusted
                )
            else:
                client = smtplib.SMTP(sandbox.host, sandbox.port, timeout=DEADLINE_SECONDS)
            with client:
                if encryption == "starttls":
                    client.starttls(context=trusted)
                if password:
                    client.login("shop", password)
                client.send_message(letter())

        with pytest.raises(smtplib.SMTPSenderRefused):
            await asyncio.to_thread(work, "")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            await asyncio.to_thread(work, "wrong")
        await asyncio.to_thread(work, "hush")
        (mail,) = await control.mails()
        assert (mail.encrypted, mail.user) == (True, "shop")


def test_a_password_is_never_asked_for_in_the_clear() -> None:
    with pytest.raises(ValueError, match="encrypted"):
        SandboxSettings(user="shop", password="hush")


async def test_the_command_tells_where_it_is_and_ends_on_a_signal(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adrelay", "sandbox", "mail", "--ready-file", str(tmp_path / "ready.json"),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    where = json.loads(await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS))
    assert json.loads((tmp_path / "ready.json").read_text()) == where
    async with MailControl(where["control_url"]) as control:
        assert await control.mails() == []
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), DEADLINE_SECONDS) == 0
