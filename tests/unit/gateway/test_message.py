"""Mails as MIME messages: the standard library parses what was written."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default

import pytest

from services.gateway.mail.message import message_of
from services.gateway.ports import Letter

SENDER = Address("Grüße & Co.", "no-reply", "ads.example.org")
ANNA = Address(addr_spec="anna@example.com")
LETTER = Letter(
    to="anna@example.com",
    subject="Your order of Bronze",
    text="Hello\n",
    html="<p>Hello</p>\n",
    message_id="<77@ads.example.org>",
    date=datetime(2030, 3, 4, 10, 20, 30, tzinfo=UTC),
)


def lines(content: bytes) -> list[str]:
    return content.decode("ascii").split("\r\n")


@pytest.mark.parametrize(
    "subject",
    [
        "Your order of Bronze",
        "Grüße: 0.1 BTC",
        "=?utf-8?q?Bronze?=",
        "Bronze: a, <b>; (c) \N{PILE OF POO}",
        " ".join(["Your", "payment", "for"] * 20),
        "x" * 60,
    ],
)
def test_headers_are_read_back_as_written(subject: str) -> None:
    content = message_of(replace(LETTER, subject=subject), SENDER, ANNA)
    read = message_from_bytes(content, policy=default)
    assert read["Subject"] == subject.replace("=?utf-8?q?Bronze?=", "Bronze")
    assert (read["To"], read["From"]) == ("anna@example.com", str(SENDER))
    assert (read["Message-ID"], read["Date"].datetime) == (LETTER.message_id, LETTER.date)
    assert (read["Auto-Submitted"], read["MIME-Version"]) == ("auto-generated", "1.0")
    assert not [defect for part in read.walk() for defect in part.defects]


@pytest.mark.parametrize("local", ["anna+ads", '"anna smith"', '"a@b"', "o'neill"])
def test_an_address_is_written_unchanged(local: str) -> None:
    recipient = Address(addr_spec=f"{local}@example.com")
    read = message_from_bytes(message_of(LETTER, SENDER, recipient), policy=default)
    assert [one.addr_spec for one in read["To"].addresses] == [f"{local}@example.com"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "naïve \N{PILE OF POO}\n",
        "long " * 400 + "\n",
        ".\n..\nFrom me\n--\n \n\t\n= =_ trailing  \n",
    ],
)
def test_texts_arrive_as_they_were_written(text: str) -> None:
    content = message_of(replace(LETTER, text=text, html=text), SENDER, ANNA)
    read = message_from_bytes(content, policy=default)
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "text/html"]
    for part in read.iter_parts():
        assert part.get_content().replace("\r\n", "\n") == text


@pytest.mark.parametrize("line", ["--{}", "--{}--"])
def test_no_text_can_inject_a_part(line: str) -> None:
    boundary = message_from_bytes(message_of(LETTER, SENDER, ANNA)).get_boundary()
    text = f"{line.format(boundary)}\nContent-Type: text/html\n\nnot a part\n"
    read = message_from_bytes(message_of(replace(LETTER, text=text), SENDER, ANNA), policy=default)
    plain, html = read.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == text
    assert html.get_content().strip() == LETTER.html.strip()


def test_lines_are_at_most_78_characters_long() -> None:
    text = "naïve\rlong " * 400
    content = message_of(replace(LETTER, subject="naïve " * 30, text=text, html=text), SENDER, ANNA)
    assert all(len(line) <= 78 and "\r" not in line and "\n" not in line for line in lines(content))


@pytest.mark.parametrize("name", ["subject", "message_id"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_no_value_can_inject_a_header(name: str, ending: str) -> None:
    value = f"<1@ads.example.org>{ending}Bcc: bert@example.com"
    with pytest.raises(ValueError, match=r"header|Header"):
        message_of(replace(LETTER, **{name: value}), SENDER, ANNA)  # type: ignore[arg-type]  # both are texts  # pyright: ignore[reportArgumentType]
