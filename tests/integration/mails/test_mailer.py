"""What every `Mailer` must do, tried on the adapter over SMTP against real servers, encrypted and not."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from email.headerregistry import Address

import pytest
import pytest_asyncio
from pydantic import SecretStr

from sandbox.mail import Fault, MailControl, MailSandbox, SandboxSettings
from sandbox.mail.settings import Encryption
from services.gateway.adapters.smtp import Security, SmtpMailer
from services.gateway.ports import Letter, Mailer, MailNotAccepted, MailRefused
from tests.deadlines import DEADLINE_SECONDS

SENDER = Address("Adrelay", "no-reply", "ads.example.org")
USER, PASSWORD = "shop", "p4ss-of-the-tests"
HANGS_SECONDS = 1.0
"""After how long a server that says nothing is given up, where one does so."""
LETTER = Letter(
    to="anna@example.com",
    subject="Grüße: 0.1 BTC",
    text="Hello,\n\nnaïve text\n.\n" + "long " * 400 + "\n",
    html="<p>naïve</p>",
    message_id="<77@ads.example.org>",
    date=datetime(2030, 3, 4, 10, 20, 30, tzinfo=UTC),
)


def mailer_of(
    server: MailSandbox,
    security: Security,
    *,
    password: str = PASSWORD,
    trusting: bool = True,
    timeout_seconds: float = DEADLINE_SECONDS,
) -> Mailer:
    trusted = ssl.create_default_context(cadata=server.certificate if trusting else None)
    return SmtpMailer(
        server.host,
        server.port,
        security=security,
        sender=SENDER,
        username="" if security == "plain" else USER,
        password=SecretStr(password),
        trusted=trusted,
        timeout_seconds=timeout_seconds,
    )


ENCRYPTIONS: dict[Security, Encryption] = {"plain": "none", "starttls": "starttls", "tls": "tls"}


@pytest.fixture(params=list(ENCRYPTIONS))
def security(request: pytest.FixtureRequest) -> Security:
    found: Security = request.param
    return found


class Servers:
    """A mail server for each kind of encryption, started when it is first needed, and its control."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._started: dict[Security, tuple[MailSandbox, MailControl]] = {}

    async def of(self, security: Security) -> tuple[MailSandbox, MailControl]:
        """Return a server without mails and faults."""
        if security not in self._started:
            settings = SandboxSettings(encryption=ENCRYPTIONS[security])
            if security != "plain":
                settings = replace(settings, user=USER, password=PASSWORD)
            server = await self._stack.enter_async_context(MailSandbox(settings))
            control = await self._stack.enter_async_context(MailControl(server.control_url))
            self._started[security] = server, control
        server, control = self._started[security]
        await control.heal()
        await control.clear()
        return server, control


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def servers() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        yield Servers(stack)


@pytest_asyncio.fixture(loop_scope="session")
async def controlled(servers: Servers, security: Security) -> tuple[MailSandbox, MailControl]:
    return await servers.of(security)


@pytest.fixture
def server(controlled: tuple[MailSandbox, MailControl]) -> MailSandbox:
    return controlled[0]


@pytest.fixture
def control(controlled: tuple[MailSandbox, MailControl]) -> MailControl:
    return controlled[1]


@pytest.fixture
def mailer(server: MailSandbox, security: Security) -> Mailer:
    return mailer_of(server, security)


async def test_a_letter_arrives_whole(mailer: Mailer, control: MailControl, security: Security) -> None:
    await mailer.send(LETTER)
    (mail,) = await control.mails()
    assert (mail.sender, mail.recipients) == ("no-reply@ads.example.org", (LETTER.to,))
    assert (mail.subject, mail.message_id, mail.date) == (LETTER.subject, LETTER.message_id, LETTER.date)
    assert mail.text.replace("\r\n", "\n") == LETTER.text
    assert mail.html.strip() == LETTER.html
    assert mail.encrypted == (security != "plain")


async def test_a_domain_in_other_letters_is_written_as_servers_know_it(
    mailer: Mailer, control: MailControl
) -> None:
    await mailer.send(replace(LETTER, to="anna@bücher.example"))
    assert (await control.mails())[0].recipients == ("anna@xn--bcher-kva.example",)


@pytest.mark.parametrize(
    "answer", [(550, "5.1.1 no such user"), (552, "5.2.2 mailbox full"), (553, "bad name")]
)
@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_what_is_refused_for_good_is_not_worth_another_try(
    mailer: Mailer, control: MailControl, stage: str, answer: tuple[int, str]
) -> None:
    code, text = answer
    await control.break_with(
        Fault.model_validate({"kind": "status", "stage": stage, "code": code, "text": text})
    )
    with pytest.raises(MailRefused, match=f"{code} {text}"):
        await mailer.send(LETTER)


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        ("connect", 421, "4.3.2 not now"),
        ("connect", 554, "5.3.2 no mails here"),
        ("mail", 451, "4.3.0 later"),
        ("mail", 550, "5.1.8 who are you"),
        ("rcpt", 450, "4.2.1 greylisted"),
        ("rcpt", 554, "5.7.1 relay access denied"),
        ("rcpt", 530, "5.7.0 authentication required"),
        ("data", 452, "4.2.2 mailbox full"),
        ("data", 554, "5.7.1 this looks like spam"),
    ],
)
async def test_what_time_or_the_operator_may_mend_is_worth_another_try(
    mailer: Mailer, control: MailControl, stage: str, code: int, text: str
) -> None:
    fault = {"kind": "status", "stage": stage, "code": code, "text": text, "count": 1}
    await control.break_with(Fault.model_validate(fault))
    with pytest.raises(MailNotAccepted):
        await mailer.send(LETTER)
    await mailer.send(LETTER)
    assert len(await control.mails()) == 1


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
@pytest.mark.parametrize("kind", ["close", "hang", "refuse"])
async def test_a_server_that_says_nothing_has_not_taken_it_and_costs_bounded_time(
    server: MailSandbox, mailer: Mailer, control: MailControl, security: Security, kind: str, stage: str
) -> None:
    await control.break_with(Fault.model_validate({"kind": kind, "stage": stage, "count": 1}))
    hurried = mailer_of(server, security, timeout_seconds=HANGS_SECONDS) if kind == "hang" else mailer
    begin = time.monotonic()
    with pytest.raises(MailNotAccepted):
        await hurried.send(LETTER)
    assert time.monotonic() - begin < HANGS_SECONDS + 20  # it hangs for ever
    assert await control.mails() == []
    await control.heal()  # on a busy machine, so short a time may end before the fault strikes
    await mailer.send(LETTER)


async def test_an_answer_that_was_lost_leaves_a_mail_that_its_copy_is_known_by(
    mailer: Mailer, control: MailControl
) -> None:
    await control.drop_answers(count=1)
    with pytest.raises(MailNotAccepted):
        await mailer.send(LETTER)
    await mailer.send(LETTER)
    assert [mail.message_id for mail in await control.mails()] == [LETTER.message_id] * 2


async def test_nobody_there_is_worth_another_try(security: Security) -> None:
    async with MailSandbox() as gone:
        mailer = mailer_of(gone, security)
    with pytest.raises(MailNotAccepted):
        await mailer.send(LETTER)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_that_is_not_trusted_gets_neither_mail_nor_password(
    server: MailSandbox, control: MailControl, security: Security
) -> None:
    with pytest.raises(MailNotAccepted, match="certificate"):
        await mailer_of(server, security, trusting=False).send(LETTER)
    assert await control.mails() == []


async def test_a_server_without_encryption_gets_nothing_that_was_to_be_encrypted() -> None:
    async with MailSandbox() as bare, MailControl(bare.control_url) as control:
        with pytest.raises(MailNotAccepted):
            await mailer_of(bare, "starttls").send(LETTER)
        assert await control.mails() == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_wrong_password_is_for_the_operator_to_mend_and_is_not_repeated(
    server: MailSandbox, security: Security
) -> None:
    mailer = mailer_of(server, security, password="wr0ng-password-of-the-tests")
    with pytest.raises(MailNotAccepted) as failure:
        await mailer.send(LETTER)
    assert "wr0ng" not in str(failure.value) + repr(mailer)


@pytest.mark.parametrize(
    "to",
    [
        "a,b@example.com",
        "<a@example.com",
        "a@b@example.com",
        "ü@example.com",
        "a@",
        "a\0@example.com",
        "a@[",
        "#*@[_+..?={/",
        'a@[1.2.3.4"',
        "a@example.com\u3002",
        "a@b\uff20example.com",
    ],
)
async def test_what_is_no_address_is_refused_without_asking_a_server(to: str) -> None:
    mailer = SmtpMailer("127.0.0.1", 1, security="plain", sender=SENDER)
    with pytest.raises(MailRefused):
        await mailer.send(replace(LETTER, to=to))


async def test_a_refusal_in_another_encoding_can_be_noted_all_the_same() -> None:
    answers = [b"220 there", b"250 good day", b"250 ok", b"550 5.1.1 Empf\xe4nger\0unbekannt"]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            writer.write(answer + b"\r\n")
            await writer.drain()
            await reader.readline()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        mailer = SmtpMailer(
            "127.0.0.1", port, security="plain", sender=SENDER, timeout_seconds=DEADLINE_SECONDS
        )
        with pytest.raises(MailRefused, match=r"^550 5\.1\.1 Empf\ufffdnger\ufffdunbekannt$"):
            await mailer.send(LETTER)


def test_a_letter_does_not_show_what_it_says() -> None:
    assert "naïve" not in repr(LETTER)
