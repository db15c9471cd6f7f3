"""Verifies notifications, and limits the processor time that forged ones may use."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from prometheus_client import Counter
from pydantic import SecretStr

from libs.eventsourcing import Refused
from libs.nowpayments.signature import digest_in, is_verified, secret_from
from services.gateway.api.requests.limits import RateLimit, too_many
from services.gateway.api.requests.problems import Denied

FREE_FAILURES = 20
"""The number of forged calls a minute above which an address is suspect."""
SHARE = 0.1
"""The share of the processor's time for failed verifications, above which calls of suspects are refused."""
_BURST_SECONDS = 0.1
_RETRY_SECONDS = 1
_SPENT = Counter(
    "adrelay_gateway_failed_proofs_seconds_total", "Processor time spent on forged notifications."
)


class SignatureVerifier:
    """Verifies that a notification's signature was made with one of the provider's secrets.

    Genuine notifications are never counted against an address, and no address is limited as long as forged
    calls take little time in total: behind a proxy, the provider and a forger have the same address.
    """

    def __init__(
        self,
        secrets: Sequence[SecretStr],
        *,
        verify: Callable[[Sequence[bytes], bytes, str], bool] = is_verified,
        clock: Callable[[], float] = time.monotonic,
        processor_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._secrets = [secret_from(secret.get_secret_value()) for secret in secrets]
        self._verify = verify
        self._clock = clock
        self._processor_clock = processor_clock
        self._failures = RateLimit(FREE_FAILURES, clock=clock)
        self._spent = 0.0
        self._spent_at = clock()

    def check(self, body: bytes, signature: str, address: str) -> None:
        """Raise `Refused` for a forged notification, `Denied` for a suspect's at the limit."""
        if digest_in(signature) is None:
            raise Refused("bad_signature", "x-nowpayments-sig holds no signature")
        if self._used_up() and self._failures.exhausted(address):
            raise too_many(_RETRY_SECONDS)
        began = self._processor_clock()
        if self._verify(self._secrets, body, signature):
            return
        taken = self._processor_clock() - began
        self._spent += taken
        _SPENT.inc(taken)
        with suppress(Denied):
            self._failures.take(address)
        raise Refused("bad_signature", "the signature is not the provider's")

    def _used_up(self) -> bool:
        now = self._clock()
        self._spent = max(0.0, self._spent - (now - self._spent_at) * SHARE)
        self._spent_at = now
        return self._spent >= _BURST_SECONDS
