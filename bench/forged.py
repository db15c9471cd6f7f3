"""The cost of forged notifications, and their effect on a checkout: `python -m bench.forged`.

Every forged notification is refused. Checkouts are refused too, by billing without stock: they take the whole
path except for the provider.
"""

import asyncio
import json
import multiprocessing
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx

from adrelay.demo.system import LocalSystem

_SENDERS = 16
_SIZES = (2_000, 16_000, 62_000)
_CALLS = 200
_CHECKOUTS = 40
_LONGEST_FLOOD_SECONDS = 30.0
_WATCHED = ("gateway", "billing", "nats", "postgres")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def body_of(size: int) -> bytes:
    """Return a body that is expensive to read: many keys that JavaScript sorts differently from Python."""
    fields: dict[str, object] = {"list": [1]}
    while len(json.dumps(fields, ensure_ascii=False).encode()) < size - 40:
        for _ in range(8):
            fields[f"é{secrets.token_hex(12)}"] = 1.5e-7
    return json.dumps(fields, ensure_ascii=False).encode()


def _spent(pids: Sequence[int]) -> float:
    """Return the CPU seconds of processes so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS_PER_SECOND


def _headers() -> dict[str, str]:
    return {"x-nowpayments-sig": secrets.token_hex(64)}


async def _cost(system: LocalSystem, body: bytes) -> None:
    """Print each process's CPU time per forged call, and the call's duration."""
    url = f"{system.url}/api/v1/webhooks/nowpayments"
    pids = {name: system.pid(name) for name in _WATCHED}
    before = {name: _spent([pid]) for name, pid in pids.items()}
    seconds, answers = list[float](), Counter[int]()
    async with httpx.AsyncClient() as http:
        for _ in range(_CALLS):
            began = time.perf_counter()
            answers[(await http.post(url, content=body, headers=_headers())).status_code] += 1
            seconds.append(time.perf_counter() - began)
    costs = {name: (_spent([pid]) - before[name]) / _CALLS * 1000 for name, pid in pids.items()}
    shown = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
    _print(f"{len(body):6} B: answered in {median(seconds) * 1000:.2f} ms; CPU ms: {shown}; {dict(answers)}")


async def _checkouts(system: LocalSystem) -> list[float]:
    seconds: list[float] = []
    async with httpx.AsyncClient(timeout=30) as http:
        for _ in range(_CHECKOUTS):
            wish = {"email": f"{uuid4().hex}@example.com", "plan": "demo", "pay_currency": "BTC"}
            began = time.perf_counter()
            answer = await http.post(f"{system.url}/api/v1/checkout", json=wish)
            seconds.append(time.perf_counter() - began)
            if answer.json().get("code") != "insufficient_stock":
                raise RuntimeError(answer.text)
    return seconds


def _flood(url: str, body: bytes, begun: Event, stop: Event) -> None:
    async def send() -> int:
        sent = 0
        give_up = time.monotonic() + _LONGEST_FLOOD_SECONDS
        async with httpx.AsyncClient(timeout=30) as http:
            while not stop.is_set() and time.monotonic() < give_up:
                await http.post(url, content=body, headers=_headers())
                sent += 1
                begun.set()
        return sent

    async def all_of_them() -> None:
        began = time.monotonic()
        sent = sum(await asyncio.gather(*(send() for _ in range(_SENDERS))))
        _print(f"         {sent / (time.monotonic() - began):.0f} forged calls a second")

    asyncio.run(all_of_them())


async def _flooded(system: LocalSystem, body: bytes) -> None:
    """Print the duration of a checkout during forged calls."""
    context = multiprocessing.get_context("spawn")
    begun, stop = context.Event(), context.Event()
    url = f"{system.url}/api/v1/webhooks/nowpayments"
    flood = context.Process(target=_flood, args=(url, body, begun, stop), daemon=True)
    flood.start()
    try:
        await asyncio.to_thread(begun.wait, _LONGEST_FLOOD_SECONDS)
        seconds = await _checkouts(system)
    finally:
        stop.set()
        flood.join(_LONGEST_FLOOD_SECONDS)
    _print(f"checkout with {_SENDERS} senders of {len(body)} B: {_in_milliseconds(seconds)}")


def _in_milliseconds(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return f"median {median(ordered) * 1000:.1f} ms, 95 % {ordered[int(len(ordered) * 0.95)] * 1000:.1f} ms"


async def _run() -> None:
    settings = {"ADRELAY_GATEWAY_CHECKOUTS_PER_MINUTE": "100000"}
    with tempfile.TemporaryDirectory() as folder:
        async with LocalSystem(Path(folder), workers=0, settings=settings) as system:
            _print(f"checkout alone: {_in_milliseconds(await _checkouts(system))}")
            bodies = [body_of(size) for size in _SIZES]
            for body in bodies:
                await _cost(system, body)
            for body in bodies:
                await _flooded(system, body)
            logs = {path.name: path.stat().st_size // 1024 for path in (Path(folder) / "logs").iterdir()}
            _print(f"logs in KiB: {logs}")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run())
