"""The forwarder's settings."""

import base64
import binascii
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Annotated, ClassVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AfterValidator, Field, SecretStr

from libs.chassis.setting_files import ReadableFile
from libs.chassis.settings import ServiceSettings

KEY_BYTES = 32
MOST_IN_STEP = 1_000_000
_PEM_BEGIN = b"-----BEGIN RSA PUBLIC KEY-----"
"""How a key in PKCS #1 begins, which Telethon reads."""


def decode_keys(text: SecretStr) -> list[bytes]:
    """Return the vault's keys; raise `ValueError` saying what is wrong, without any key."""
    keys: list[bytes] = []
    for number, part in enumerate(text.get_secret_value().split(","), 1):
        try:
            key = base64.b64decode(part.strip(), validate=True)
        except binascii.Error:
            message = f"key {number} is not base64"
            raise ValueError(message) from None
        if len(key) != KEY_BYTES:
            message = f"key {number} has {len(key)} bytes, {KEY_BYTES} are needed"
            raise ValueError(message)
        if len(set(key)) < KEY_BYTES // 4:
            message = f"key {number} is not random"
            raise ValueError(message)
        keys.append(key)
    return keys


def _valid(text: SecretStr) -> SecretStr:
    decode_keys(text)
    return text


def _rsa_key(path: Path | None) -> Path | None:
    if path is None:
        return None
    pem = path.read_bytes().strip()
    with suppress(ValueError):
        if pem.startswith(_PEM_BEGIN) and isinstance(load_pem_public_key(pem), RSAPublicKey):
            return path
    raise ValueError(f"names {path}, which holds no key that begins with {_PEM_BEGIN.decode()}")


def steps_of(text: str) -> list[tuple[int, int]]:
    """Return the steps of a budget, by age in days: `0:20,7:100`; raise `ValueError` saying what is wrong."""
    steps: list[tuple[int, int]] = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        age, colon, sends = part.partition(":")
        if not (colon and age.strip().isdecimal() and sends.strip().isdecimal()):
            message = f"{part} is not <days>:<sends>"
            raise ValueError(message)
        steps.append((int(age), int(sends)))
    if any(later <= age for (age, _), (later, _) in pairwise(steps)):
        message = "the ages must ascend"
        raise ValueError(message)
    if any(number > MOST_IN_STEP for step in steps for number in step):
        message = f"no number may exceed {MOST_IN_STEP}"
        raise ValueError(message)
    return steps


def _valid_steps(text: str) -> str:
    steps_of(text)
    return text


class ForwarderSettings(ServiceSettings):
    """The settings of the forwarder and its workers."""

    service: ClassVar[str] = "forwarder"

    vault_keys: Annotated[SecretStr, AfterValidator(_valid)] = Field(
        description="Comma-separated base64 keys of 32 bytes; the first encrypts, all decrypt. "
        "`adrelay keygen` makes one"
    )
    runs_pool: bool = Field(default=False, description="The service itself also forwards")

    telegram_host: str = Field("", description="A server to use instead of Telegram's own data centres")
    telegram_port: int = Field(443, ge=1, le=65535)
    telegram_dc: int = Field(2, ge=1, le=10_000, description="The number of telegram_host's data centre")
    telegram_public_key_file: Annotated[ReadableFile, AfterValidator(_rsa_key)] = Field(
        None, description="The PEM file of telegram_host's RSA key, for key exchanges"
    )
    connect_seconds: float = Field(10.0, gt=0, description="How long a connection may take")
    request_seconds: float = Field(20.0, gt=0, description="How long Telegram may take to answer")

    lease_seconds: float = Field(
        15.0, ge=2, description="How long a lease of a session lasts without renewal"
    )
    poll_seconds: float = Field(
        2.0, gt=0, le=3600.0, description="How often workers poll for work without a wake-up"
    )
    idle_seconds: float = Field(
        60.0,
        ge=0,
        description="How long a session without work stays leased; connected it stays for a lease at most",
    )
    max_sessions: int = Field(200, ge=1, description="How many sessions one worker leases at most")

    batch_size: int = Field(20, ge=1, le=20, description="How many deliveries are recorded in one batch")
    batch_seconds: float = Field(
        2.0, gt=0, description="How long a delivery waits to be recorded at least, if no batch is full before"
    )
    max_batch_seconds: float = Field(
        120.0, gt=0, description="How long it waits at most; in between, twelve pauses of the adbot's pacing"
    )
    max_attempts: int = Field(6, ge=1, description="How many attempts a group gets in one cycle")
    backoff_seconds: float = Field(
        1.0, gt=0, description="The wait before the second attempt, doubled for each further one"
    )
    max_backoff_seconds: float = Field(30.0, gt=0)
    max_wait_in_cycle_seconds: float = Field(
        300.0, ge=0, description="Groups that would wait longer get no post in the cycle"
    )
    health_check_seconds: float = Field(
        21_600.0,
        gt=0,
        description="How often a session with a seat is checked if it sends nothing; those in stock four "
        "times more rarely",
    )
    health_retry_seconds: float = Field(
        60.0,
        gt=0,
        description="When a check without an answer is made again, doubled up to sixteen times; the third "
        "one in a row marks the session as unreachable",
    )
    task_sessions: int = Field(
        4, ge=1, description="How many sessions one worker leases at most for tasks other than sends"
    )
    daily_sends: int = Field(
        5000, ge=1, le=MOST_IN_STEP, description="How many sends a session makes in a day in UTC at most"
    )
    daily_sends_by_age: Annotated[str, AfterValidator(_valid_steps)] = Field(
        "0:500,7:1500,30:5000",
        description="Fewer for young sessions: the most sends a day from so many days after the import on",
    )
    resolves_per_minute: int = Field(
        10, ge=1, le=1000, description="How many unknown names and links a session looks up in a minute"
    )
    resolves_per_day: int = Field(
        200, ge=1, le=100_000, description="How many of them in 24 hours; known ones are not looked up again"
    )
    joins_per_day: int = Field(
        5, ge=0, le=100, description="How many groups a session joins in 24 hours; 0: none, ever"
    )
    join_distance_seconds: float = Field(
        1800.0, ge=0, le=86_400, description="The least time between two joins; up to half of it is added"
    )
    join_check_seconds: float = Field(
        3600.0, ge=0, le=86_400, description="How often a session looks if an admin has let it into a group"
    )
    account_rest_seconds: float = Field(86_400.0, gt=0, description="How long a limited account rests")
    denial_seconds: float = Field(
        604_800.0,
        gt=0,
        le=5_184_000,
        description="How long a group that refused a seat is not asked again by it, doubled each time",
    )
