"""Answers to sends, counted by class and logged."""

import logging

from prometheus_client import Counter
from structlog.stdlib import BoundLogger

from libs.events.values import ResultClass
from services.forwarder.pool.posting import SendFailed
from services.forwarder.pool.sends import Send

SENDS = Counter("adrelay_forwarder_sends_total", "Answers to sends, by class.", ["result"])
_NOT_UNDERSTOOD = frozenset({ResultClass.UNREADABLE, ResultClass.UNKNOWN})


def log_answer(log: BoundLogger, send: Send, failed: SendFailed) -> None:
    """Count and log an answer that is no delivery."""
    SENDS.labels(failed.result).inc()
    log.log(
        logging.WARNING if failed.result in _NOT_UNDERSTOOD else logging.INFO,
        "send.answered",
        cycle=str(send.cycle),
        group=send.group,
        error=failed.error,
        result=failed.result,
        party=failed.party,
        attempts=send.attempts + 1,
    )
