"""Verifies and parses notifications."""

from collections.abc import Sequence

from prometheus_client import Counter

from libs.eventsourcing import Refused
from libs.nowpayments.reading import Unreadable, parse
from libs.nowpayments.signature import digest_in, is_verified
from services.billing.adapters.nowpayments.answers import Reported, read

MALFORMED = Counter(
    "adrelay_billing_malformed_notifications_total",
    "Malformed notifications, by reason: too_large, too_many_values, too_deep, not_utf8, "
    "not_json, not_finite, duplicate_key, no_object or fields.",
    ["why"],
)


def read_notification(body: bytes, signature: str, secrets: Sequence[bytes]) -> Reported:
    """Return a notification's report, its amounts with all digits.

    Raise `Refused`: `bad_signature`, or `malformed_notification`, also for ambiguous JSON.
    """
    if digest_in(signature) is None:
        raise Refused("bad_signature", "there is no signature of the provider's kind")
    try:
        answer = parse(body)
        if not is_verified(secrets, body, signature):
            raise Refused("bad_signature", "the signature is not the provider's")
        return read(Reported, answer)
    except Unreadable as error:
        MALFORMED.labels(error.why).inc()
        raise Refused("malformed_notification", str(error)) from None
