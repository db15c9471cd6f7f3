"""Cancellation of loops that never end by themselves."""

import asyncio


def heed_cancellation() -> None:
    """Raise `CancelledError` if this task was cancelled and an awaited call swallowed that.

    Python 3.11's `asyncio.wait_for`, which the NATS client uses, does so when the awaited result arrives at
    the same moment. The PostgreSQL client raises `TimeoutError` instead, where the server does not answer the
    cancellation of a statement. An endless loop would then never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
