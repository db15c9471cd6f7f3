"""Log lines: one format, without secrets."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from libs.chassis.logs import configure

log = structlog.stdlib.get_logger("bakery")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    (line,) = capsys.readouterr().err.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_a_line_is_json_with_service_level_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure("bakery", level="info", style="json")
    log.info("bread.baked", loaves=4)
    line = written(capsys)
    assert line.pop("timestamp")
    assert line == {
        "event": "bread.baked",
        "loaves": 4,
        "service": "bakery",
        "level": "info",
        "logger": "bakery",
    }


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "ipn_secret",
        "password",
        "token",
        "access_token",
        "API_HASH",
        "access_code",
        "auth_key",
        "session_string",
        "x_signature",
        "authorization",
        "Cookie",
        "api_key",
        "passphrase",
    ],
)
def test_fields_named_like_secrets_are_redacted(capsys: pytest.CaptureFixture[str], name: str) -> None:
    configure("bakery", level="info", style="json")
    log.info(
        "x", **{name: "hunter2", "inner": {name: ["hunter2"], "list": [{name: "hunter2"}]}, "plain": "seen"}
    )
    line = written(capsys)
    assert "hunter2" not in json.dumps(line)
    assert line[name] == "***"
    assert line["plain"] == "seen"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgresql://user:hunter2@db:5432/x", "postgresql://***@db:5432/x"),
        ("nats://hunter2@broker:4222", "nats://***@broker:4222"),
        ("to nats://u:hunter2@a and http://v:hunter2@b/c", "to nats://***@a and http://***@b/c"),
        ("postgresql://user:p@ss-hunter2@db/x", "postgresql://***@db/x"),
        ("https://t.me/durov/@7", "https://t.me/durov/@7"),
        ("a@b.example", "a@b.example"),
    ],
)
def test_credentials_in_a_url_are_redacted(capsys: pytest.CaptureFixture[str], text: str, clean: str) -> None:
    configure("bakery", level="info", style="json")
    log.info(text, where=text, urls=[text], nested={"url": text})
    line = written(capsys)
    assert line["event"] == line["where"] == clean
    assert line["urls"] == [clean]
    assert line["nested"] == {"url": clean}


def test_credentials_in_a_traceback_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    configure("bakery", level="info", style="json")
    log.error("oven.cold", exc_info=OSError("no answer from postgresql://user:hunter2@db"))
    line = written(capsys)
    assert "OSError" in str(line["exception"])
    assert "hunter2" not in json.dumps(line)


def test_lines_of_other_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure("bakery", level="info", style="json")
    logging.getLogger("somebody").warning("at %s", "nats://u:hunter2@broker")
    line = written(capsys)
    assert line["event"] == "at nats://***@broker"
    assert (line["logger"], line["service"]) == ("somebody", "bakery")


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("bakery", level="warning", style="json")
    log.info("quiet")
    assert capsys.readouterr().err == ""


def test_plain_lines_can_be_configured(capsys: pytest.CaptureFixture[str]) -> None:
    configure("bakery", level="info", style="console")
    log.info("bread.baked", loaves=4, secret="hunter2")
    line = capsys.readouterr().err
    assert "bread.baked" in line
    assert "loaves=4" in line
    assert "hunter2" not in line
    assert "\x1b" not in line


@pytest.mark.parametrize(("level", "lines"), [("debug", ["began"]), ("warning", [])])
def test_frames_of_sockets_are_written_at_no_level(
    level: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("bakery", level=level, style="json")
    server = logging.getLogger("uvicorn.error")
    server.debug("< TEXT 'a ticket' [8 bytes]")
    server.info("began")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == lines
