"""Settings of a service: loading, defaults, errors."""

from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr

from libs.chassis.database_urls import database_in, in_database, url_with
from libs.chassis.settings import (
    InvalidSettings,
    ServiceSettings,
    StrongSecret,
    environment_of,
    load,
    misspelt,
    variable,
)
from tests.support.signing import SIGNER

KEY = SIGNER.public_key
GOOD = {
    "ADRELAY_POSTGRES_URL": "postgresql://user:hunter2@db.example:5432",
    "ADRELAY_NATS_URL": "nats://user:hunter2@broker.example:4222",
    "ADRELAY_BAKERY_OVEN_SECRET": "kneeding-0123456789-abcdefghijklmnop",
}


class BakerySettings(ServiceSettings):
    """Settings of the bakery."""

    service: ClassVar[str] = "bakery"
    oven_secret: StrongSecret = Field(description="Lights the oven; make one with `adrelay keygen`")
    loaves: int = Field(4, ge=1, description="How many loaves a batch has")
    kinds: list[str] = Field(["rye"], description="A JSON list")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("ADRELAY_GATEWAY_COMMAND_KEY")
    for name in ("POSTGRES_URL", "NATS_URL", "HTTP_PORT", "LOG_LEVEL", "OVEN_SECRET", "LOAVES", "KINDS"):
        for prefix in ("ADRELAY_", "ADRELAY_BAKERY_"):
            monkeypatch.delenv(prefix + name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("own", ["ADRELAY_BAKERY_NATS_URL", "adrelay_bakery_nats_url_file"])
def test_a_variable_for_all_is_left_out_beside_the_services_own(own: str) -> None:
    shared = {"ADRELAY_NATS_URL": "1", "ADRELAY_NATS_URL_FILE": "2", "ADRELAY_LOG_LEVEL": "info"}
    assert environment_of(BakerySettings, shared) == shared
    assert environment_of(BakerySettings, {**shared, own: ""}) == {**shared, own: ""}
    assert environment_of(BakerySettings, {**shared, own: "3"}) == {own: "3", "ADRELAY_LOG_LEVEL": "info"}


@pytest.mark.parametrize("key", ["", "hunter2", "aHVudGVyMg==", f"{KEY},hunter2", "hunter2!"])
def test_a_public_key_is_32_bytes_as_base64(environment: pytest.MonkeyPatch, key: str) -> None:
    environment.setenv("ADRELAY_COMMAND_PUBLIC_KEY", key)
    (problem,) = problems()
    assert problem.startswith("ADRELAY_COMMAND_PUBLIC_KEY is no 32 bytes as base64; `adrelay keygen` makes")
    environment.setenv("ADRELAY_COMMAND_PUBLIC_KEY", f" {KEY}, {KEY} ")
    assert load(BakerySettings).command_public_key == f"{KEY},{KEY}"


def problems() -> list[str]:
    with pytest.raises(InvalidSettings) as invalid:
        load(BakerySettings)
    assert "hunter2" not in str(invalid.value)
    assert invalid.value.__context__ is None or invalid.value.__suppress_context__
    return invalid.value.problems


def test_valid_settings_are_loaded() -> None:
    settings = load(BakerySettings)
    assert settings.loaves == 4
    assert settings.oven_secret.get_secret_value() == GOOD["ADRELAY_BAKERY_OVEN_SECRET"]
    assert settings.http_host == "127.0.0.1"


def test_a_services_own_variable_overrides_the_shared_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ADRELAY_LOAVES", "2")
    assert load(BakerySettings).loaves == 2
    environment.setenv("ADRELAY_BAKERY_LOAVES", "3")
    assert load(BakerySettings).loaves == 3
    environment.setenv("ADRELAY_BAKERY_POSTGRES_URL", "postgresql://own.example")
    assert "own.example" in load(BakerySettings).postgres_url.get_secret_value()


def test_an_error_names_the_variable_that_is_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ADRELAY_BAKERY_HTTP_PORT", "abc")
    environment.setenv("ADRELAY_LOAVES", "0")
    assert [line.split(" ")[0] for line in problems()] == ["ADRELAY_BAKERY_HTTP_PORT", "ADRELAY_LOAVES"]
    environment.setenv("ADRELAY_HTTP_PORT", "8080")
    assert problems()[0].startswith("ADRELAY_BAKERY_HTTP_PORT ")


def test_each_missing_setting_is_named_on_its_own_line(environment: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        environment.delenv(name)
    lines = problems()
    assert sorted(line.split()[0] for line in lines) == sorted(GOOD)
    for line in lines:
        assert " is missing (" in line, "it says what it is for"
        assert "\n" not in line


@pytest.mark.parametrize(
    ("weak", "why"),
    [
        ("hunter2", "too short: 7 characters, at least 32"),
        ("changeme-hunter2-0123456789-abcdefghijk", "placeholder"),
        ("hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", "placeholder"),
        ("", "too short: 0 characters"),
    ],
)
def test_a_weak_secret_is_refused_without_being_shown(
    environment: pytest.MonkeyPatch, weak: str, why: str
) -> None:
    environment.setenv("ADRELAY_BAKERY_OVEN_SECRET", weak)
    (line,) = problems()
    assert line.startswith("ADRELAY_BAKERY_OVEN_SECRET ")
    assert why in line
    assert not weak or weak not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADRELAY_POSTGRES_URL", "hunter2"),
        ("ADRELAY_POSTGRES_URL", "mysql://u:hunter2@h"),
        ("ADRELAY_POSTGRES_URL", "postgresql://"),
        ("ADRELAY_NATS_URL", "http://u:hunter2@h"),
        ("ADRELAY_NATS_URL", "u:hunter2@h:4222"),
        ("ADRELAY_NATS_URL", "nats://u:hunter2@h:65536"),
        ("ADRELAY_POSTGRES_URL", "postgresql://u:hunter2@h:port"),
        ("ADRELAY_POSTGRES_URL", "postgresql://u:hunter2/7@h:5432"),
        ("ADRELAY_POSTGRES_URL", "postgresql://u:hunter2\u2100@h:5432"),
        ("ADRELAY_POSTGRES_URL", "postgresql://u:hunter2@h:5432,:5433"),
        ("ADRELAY_HTTP_PORT", "hunter2"),
        ("ADRELAY_LOG_LEVEL", "hunter2"),
        ("ADRELAY_BAKERY_LOAVES", "0"),
        ("ADRELAY_BAKERY_KINDS", "[hunter2"),
        ("ADRELAY_BAKERY_KINDS", '{"hunter2": 1}'),
    ],
)
def test_an_invalid_value_is_reported_by_name_and_not_shown(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    (line,) = problems()
    assert line.startswith(f"{name} ")


def test_a_url_without_a_database_gets_the_services_own() -> None:
    assert load(BakerySettings).database_url == "postgresql://user:hunter2@db.example:5432/adrelay_bakery"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@db.example/bread?sslmode=require",
        "postgresql://user:p%2Fw@one.example:5432,two.example:5433/bread",
        "postgres://user@[::1]:5432/bread",
    ],
)
def test_a_url_with_a_database_is_used_unchanged(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("ADRELAY_POSTGRES_URL", url)
    assert load(BakerySettings).database_url == url


SERVER = "postgresql://user:hunter2@db.example"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("sslmode=verify_full", "has a wrong sslmode"),
        ("sslrootcert={file}", "has a sslrootcert, and so needs sslmode=verify-full too"),
        ("sslmode=prefer&sslrootcert={file}", "has a sslrootcert, and so needs sslmode=verify-full too"),
        ("sslmode=disable&sslcert={file}", "has a sslcert, and so needs sslmode=verify-full too"),
        ("sslmode=verify-full&sslrootcert=/no/such/file", "has a sslrootcert that names no file"),
        ("sslmode", "has options after ? that can't be read"),
    ],
)
def test_tls_that_is_wanted_and_would_not_be_used_is_a_problem(
    environment: pytest.MonkeyPatch, tmp_path: Path, options: str, why: str
) -> None:
    (tmp_path / "file").touch()
    environment.setenv("ADRELAY_POSTGRES_URL", f"{SERVER}?{options.format(file=tmp_path / 'file')}")
    (line,) = problems()
    assert line.startswith(f"ADRELAY_POSTGRES_URL {why}")
    assert "hunter2" not in line


@pytest.mark.parametrize("options", ["", "?sslmode=require", "?sslmode=verify-full&sslrootcert={file}"])
def test_tls_stays_wanted_in_every_url_that_is_made_of_one(
    environment: pytest.MonkeyPatch, tmp_path: Path, options: str
) -> None:
    (tmp_path / "file").touch()
    asked = options.format(file=tmp_path / "file")
    environment.setenv("ADRELAY_POSTGRES_URL", f"{SERVER}{asked}")
    assert load(BakerySettings).database_url == f"{SERVER}/adrelay_bakery{asked}"
    assert in_database(f"{SERVER}/adrelay_bakery{asked}", "postgres") == f"{SERVER}/postgres{asked}"
    assert database_in(in_database(f"{SERVER}{asked}", 'odd "name"/?')) == 'odd "name"/?'
    assert url_with(f"{SERVER}{asked}", "a/b", "c@d") == f"postgresql://a%2Fb:c%40d@db.example{asked}"


def test_settings_show_no_secret() -> None:
    settings = load(BakerySettings)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hunter2" not in text
        assert "kneeding" not in text


def test_an_error_names_the_variable_as_it_is_set() -> None:
    assert variable(BakerySettings, "nats_url") == "ADRELAY_NATS_URL"
    assert variable(BakerySettings, "oven_secret") == "ADRELAY_BAKERY_OVEN_SECRET"


def test_a_strong_secret_is_not_shown_by_its_type() -> None:
    assert "kneeding" not in repr(SecretStr("kneeding"))


def test_a_misspelt_name_is_reported_with_the_nearest_setting(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ADRELAY_BAKRY_LOAVES", "2")
    environment.setenv("ADRELAY_BAKERY_LOAFS", "2")
    environment.setenv("ADRELAY_DAIRY_LITRES", "2")
    problems_found = [
        "ADRELAY_BAKERY_LOAFS is no setting; did you mean ADRELAY_BAKERY_LOAVES?",
        "ADRELAY_BAKRY_LOAVES is no setting; did you mean ADRELAY_BAKERY_LOAVES?",
    ]
    assert misspelt(BakerySettings) == problems_found
    assert misspelt(BakerySettings, every=True) == [*problems_found, "ADRELAY_DAIRY_LITRES is no setting"]
    assert load(BakerySettings).loaves == 4, "it is no error"


def test_missing_and_misspelt_settings_are_reported_in_one_error(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ADRELAY_BAKERY_OVEN_SECRET")
    environment.setenv("ADRELAY_BAKERY_OVEN_SECRT", "hunter2")
    missing, meant = problems()
    assert missing.startswith("ADRELAY_BAKERY_OVEN_SECRET is missing")
    assert meant == "ADRELAY_BAKERY_OVEN_SECRT is no setting; did you mean ADRELAY_BAKERY_OVEN_SECRET?"


def test_settings_of_any_service_are_not_misspelt(environment: pytest.MonkeyPatch) -> None:
    for name in ("ADRELAY_LOAVES", "ADRELAY_BAKERY_LOG_LEVEL", "ADRELAY_LOG_LEVEL", "ADRELAY_GATEWAY_URL"):
        environment.setenv(name, "4")
    assert misspelt(BakerySettings, every=True) == []


def test_a_secret_can_be_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(GOOD["ADRELAY_BAKERY_OVEN_SECRET"] + "\n")
    environment.delenv("ADRELAY_BAKERY_OVEN_SECRET")
    environment.setenv("ADRELAY_BAKERY_OVEN_SECRET_FILE", str(file))

    assert load(BakerySettings).oven_secret.get_secret_value() == GOOD["ADRELAY_BAKERY_OVEN_SECRET"]
    assert misspelt(BakerySettings) == []


def test_the_url_of_a_server_can_be_in_a_file_of_the_service_or_of_all(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    shared.write_text("postgresql://shared.example")
    own.write_text("postgresql://own.example")
    environment.delenv("ADRELAY_POSTGRES_URL")
    environment.setenv("ADRELAY_POSTGRES_URL_FILE", str(shared))
    assert "shared" in load(BakerySettings).postgres_url.get_secret_value()
    environment.setenv("ADRELAY_BAKERY_POSTGRES_URL_FILE", str(own))
    assert "own" in load(BakerySettings).postgres_url.get_secret_value()


def test_a_file_without_a_secret_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variable = "ADRELAY_BAKERY_OVEN_SECRET_FILE"
    environment.delenv("ADRELAY_BAKERY_OVEN_SECRET")
    for path, problem in (
        (tmp_path / "missing", "No such file or directory"),
        (tmp_path, "is no file with a secret"),
        (_written(tmp_path / "large", b"x" * 70_000), "is no file with a secret"),
        (_written(tmp_path / "bytes", b"\xff\xfe"), "holds no text"),
    ):
        environment.setenv(variable, str(path))
        (line,) = problems()
        assert line.startswith(f"{variable} names {path}")
        assert problem in line


def test_a_secret_is_set_once(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("ADRELAY_BAKERY_OVEN_SECRET_FILE", str(_written(tmp_path / "secret", b"another one")))

    assert problems() == [
        "ADRELAY_BAKERY_OVEN_SECRET and ADRELAY_BAKERY_OVEN_SECRET_FILE are both set: keep one of them"
    ]


def test_what_is_no_secret_is_not_read_from_files(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("ADRELAY_BAKERY_LOAVES_FILE", str(_written(tmp_path / "loaves", b"2")))

    assert load(BakerySettings).loaves == 4
    assert misspelt(BakerySettings) == ["ADRELAY_BAKERY_LOAVES_FILE is no setting"]


def test_a_process_is_given_what_its_settings_read() -> None:
    of_another = {"ADRELAY_GATEWAY_JWT_SECRET": "x", "OVEN_SECRET": "x"}
    own = {
        "adrelay_bakery_loaves": "2",
        "ADRELAY_BAKERY_OVEN_SECRET_FILE": "/run/secret",
        "ADRELAY_LOG_LEVEL": "info",
    }

    assert environment_of(BakerySettings, {**own, **of_another}) == own


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file
