"""Connections to a mail server are kept for further mails, and what the server does to them costs no mail."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.headerregistry import Address

import pytest
import pytest_asyncio

from services.gateway.adapters import smtp
from services.gateway.adapters.smtp import SmtpMailer
from services.gateway.ports import Letter, MailNotAccepted, MailRefused
from tests.deadlines import DEADLINE_SECONDS

SENDER = Address("Adrelay", "no-reply", "ads.example.org")
END = ""
"""Instead of an answer: the connection ends."""


class Server:
    """Takes every mail, unless told to answer otherwise at a verb, the n-th time on a connection."""

    def __init__(self) -> None:
        self.heard: list[list[str]] = []
        """The verbs of each connection."""
        self.taken: list[int] = []
        """On which connection each mail's content came."""
        self.otherwise: dict[tuple[int, str, int], str] = {}
        self.ended = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.heard)
        self.heard.append([])
        self.writers.append(writer)
        answer = "220 here"
        while answer != END:
            writer.write(f"{answer}\r\n".encode())
            verb = (await reader.readline()).decode().partition(" ")[0].strip()
            if not verb or verb == "QUIT":
                self.heard[number] += [verb] if verb else []
                break
            answer = self._answer(number, verb)
            if answer.startswith("354"):
                writer.write(f"{answer}\r\n".encode())
                await reader.readuntil(b"\r\n.\r\n")
                self.taken.append(number)
                answer = self._answer(number, "CONTENT")
        writer.close()
        self.ended.set()

    def _answer(self, number: int, verb: str) -> str:
        self.heard[number].append(verb)
        usual = "354 go on" if verb == "DATA" else "250 ok"
        return self.otherwise.get((number, verb, self.heard[number].count(verb)), usual)


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1") as listening:
        server.port = listening.sockets[0].getsockname()[1]
        yield server
        for writer in server.writers:
            writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def mailer(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmtpMailer]:
    monkeypatch.setattr(smtp, "KEPT_SECONDS", DEADLINE_SECONDS)  # none is idle for so long
    async with SmtpMailer(
        "127.0.0.1", server.port, security="plain", sender=SENDER, timeout_seconds=DEADLINE_SECONDS
    ) as mailer:
        yield mailer


def letter(number: int = 1) -> Letter:
    return Letter(
        to="anna@example.com",
        subject="Hello",
        text="Hello\n",
        html="<p>Hello</p>",
        message_id=f"<{number}@ads.example.org>",
        date=datetime(2030, 3, 4, tzinfo=UTC),
    )


async def ended(server: Server) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        await server.ended.wait()
    server.ended.clear()


async def test_mails_that_follow_closely_go_through_one_connection(
    server: Server, mailer: SmtpMailer
) -> None:
    for number in range(3):
        await mailer.send(letter(number))
    assert server.heard == [["EHLO", *["MAIL", "RCPT", "DATA", "CONTENT"] * 3]]


async def test_mails_at_the_same_time_go_through_connections_of_their_own(
    server: Server, mailer: SmtpMailer
) -> None:
    for _ in range(2):
        await asyncio.gather(mailer.send(letter(1)), mailer.send(letter(2)))
    assert [verbs.count("CONTENT") for verbs in server.heard] == [2, 2]


async def test_a_connection_that_nobody_needs_is_ended_politely(
    server: Server, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "KEPT_SECONDS", 0.05)
    await mailer.send(letter(1))
    await ended(server)
    assert server.heard[0][-1] == "QUIT"
    await mailer.send(letter(2))
    assert server.taken == [0, 1]


async def test_a_connection_carries_so_many_mails_at_most(
    server: Server, mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MAILS_EACH", 2)
    for number in range(3):
        await mailer.send(letter(number))
    await ended(server)
    assert server.taken == [0, 0, 1]
    assert server.heard[0][-1] == "QUIT"


async def test_whoever_stops_takes_leave(server: Server) -> None:
    async with SmtpMailer("127.0.0.1", server.port, security="plain", sender=SENDER) as mailer:
        await mailer.send(letter())
    await ended(server)
    assert server.heard[0][-1] == "QUIT"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
@pytest.mark.parametrize("answer", [END, "421 4.4.2 idle for too long"])
async def test_a_connection_that_ends_before_a_mail_was_taken_costs_none(
    server: Server, mailer: SmtpMailer, verb: str, answer: str
) -> None:
    await mailer.send(letter(1))
    server.otherwise[0, verb, 2] = answer
    await mailer.send(letter(2))
    assert server.taken == [0, 1]


async def test_a_connection_that_was_ended_meanwhile_costs_no_mail(
    server: Server, mailer: SmtpMailer
) -> None:
    await mailer.send(letter(1))
    server.writers[0].close()
    await server.writers[0].wait_closed()
    await mailer.send(letter(2))
    assert server.taken == [0, 1]


async def test_a_server_that_wants_no_more_mails_on_a_connection_gets_them_on_another(
    server: Server, mailer: SmtpMailer
) -> None:
    await mailer.send(letter(1))
    server.otherwise[0, "MAIL", 2] = "451 4.7.1 too many mails"
    await mailer.send(letter(2))
    assert server.taken == [0, 1]


async def test_a_fresh_connection_that_fails_too_is_not_followed_by_another(
    server: Server, mailer: SmtpMailer
) -> None:
    await mailer.send(letter(1))
    server.otherwise = {(0, "MAIL", 2): END, (1, "MAIL", 1): END}
    with pytest.raises(MailNotAccepted):
        await mailer.send(letter(2))
    assert len(server.heard) == 2


async def test_an_answer_that_was_lost_is_not_made_up_for_with_a_copy(
    server: Server, mailer: SmtpMailer
) -> None:
    await mailer.send(letter(1))
    server.otherwise[0, "CONTENT", 2] = END
    with pytest.raises(MailNotAccepted):
        await mailer.send(letter(2))
    assert server.taken == [0, 0]


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "CONTENT"])
async def test_what_is_refused_for_good_is_not_asked_for_again_on_another_connection(
    server: Server, mailer: SmtpMailer, verb: str
) -> None:
    await mailer.send(letter(1))
    server.otherwise[0, verb, 2] = "550 5.1.1 no such user"
    with pytest.raises(MailRefused):
        await mailer.send(letter(2))
    assert len(server.heard) == 1


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "CONTENT"])
async def test_after_a_refusal_the_next_mail_begins_afresh(
    server: Server, mailer: SmtpMailer, verb: str
) -> None:
    server.otherwise[0, verb, 1] = "550 5.1.1 no such user"
    with pytest.raises(MailRefused):
        await mailer.send(letter(1))
    await mailer.send(letter(2))
    assert server.heard[1] == ["EHLO", "MAIL", "RCPT", "DATA", "CONTENT"]
