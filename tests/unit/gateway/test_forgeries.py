"""Forged notifications are limited in processor time, and never block a genuine one."""

from collections.abc import Sequence
from http import HTTPStatus

import pytest
from pydantic import SecretStr

from libs.eventsourcing import Refused
from services.gateway.api.requests.problems import Denied
from services.gateway.api.webhook.verifying import FREE_FAILURES, SignatureVerifier

DIGEST = "ab" * 64
FORGER, PROVIDER = "192.0.2.1", "198.51.100.1"


class Machine:
    """Verifies the signature `genuine`; every verification takes time."""

    def __init__(self, proof_seconds: float) -> None:
        self.now = 1000.0
        self.spent = 0.0
        self.verifications = 0
        self._proof_seconds = proof_seconds
        self.verifier = SignatureVerifier(
            [SecretStr("the-1pn-of-these-tests")],
            verify=self._verify,
            clock=lambda: self.now,
            processor_clock=lambda: self.spent,
        )

    def _verify(self, _: Sequence[bytes], body: bytes, __: str) -> bool:
        self.verifications += 1
        self.spent += self._proof_seconds
        return body == b"genuine"

    def outcome(self, body: bytes, address: str) -> str:
        try:
            self.verifier.check(body, DIGEST, address)
        except Refused as refused:
            return refused.code
        except Denied as denied:
            return denied.code
        return "verified"


@pytest.mark.parametrize("signature", ["", "ab", "ab" * 65, "xy" * 64, "é" * 128])
def test_a_malformed_signature_is_refused_without_verification(signature: str) -> None:
    machine = Machine(1.0)
    with pytest.raises(Refused, match="bad_signature"):
        machine.verifier.check(b"genuine", signature, FORGER)
    assert machine.verifications == 0


def test_forged_calls_are_limited_to_a_share_of_processor_time() -> None:
    machine = Machine(0.002)
    for _ in range(60_000):  # a minute at a thousand a second
        machine.outcome(b"forged", FORGER)
        machine.now += 0.001
    assert machine.spent < 0.1 * 60 + 0.2
    with pytest.raises(Denied) as denied:
        machine.verifier.check(b"forged", DIGEST, FORGER)
    assert denied.value.status == HTTPStatus.TOO_MANY_REQUESTS
    assert int(denied.value.headers["Retry-After"]) > 0


def test_callers_from_other_addresses_are_not_refused_meanwhile() -> None:
    machine = Machine(0.002)
    for _ in range(1000):
        machine.outcome(b"forged", FORGER)
    assert machine.outcome(b"genuine", FORGER) == "too_many_requests"
    assert machine.outcome(b"genuine", PROVIDER) == "verified"
    assert machine.outcome(b"forged", PROVIDER) == "bad_signature"


def test_behind_one_proxy_genuine_calls_pass_while_forged_ones_stay_within_the_share() -> None:
    machine = Machine(0.0001)
    for _ in range(6_000):
        assert machine.outcome(b"forged", FORGER) == "bad_signature"
        assert machine.outcome(b"genuine", FORGER) == "verified"
        machine.now += 0.01


def test_genuine_calls_are_neither_limited_nor_counted() -> None:
    machine = Machine(0.01)
    assert {machine.outcome(b"genuine", PROVIDER) for _ in range(10_000)} == {"verified"}
    assert machine.outcome(b"forged", PROVIDER) == "bad_signature"


def test_a_few_expensive_forged_calls_are_not_limited() -> None:
    machine = Machine(1.0)
    for _ in range(FREE_FAILURES):
        assert machine.outcome(b"forged", FORGER) == "bad_signature"
    assert machine.outcome(b"genuine", FORGER) == "too_many_requests"
    machine.now += 60
    assert machine.outcome(b"genuine", FORGER) == "verified"
