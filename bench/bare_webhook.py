"""The limit of a webhook: check the signature, answer.

`python -m bench.bare_webhook PORT`. JavaScript writes some numbers differently from Python; the benchmark
sends none of these.
"""

import hashlib
import hmac
import json
import os
import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request

from bench.provider import WEBHOOK


def app(secret: str) -> FastAPI:
    """Return an app with the one route."""
    bare = FastAPI(openapi_url=None)
    key = secret.encode()

    @bare.post(WEBHOOK)
    async def notified(request: Request, x_nowpayments_sig: Annotated[str, Header()]) -> dict[str, str]:
        notification = json.loads(await request.body())
        signed = json.dumps(notification, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hmac.new(key, signed.encode(), hashlib.sha512).hexdigest()
        if not hmac.compare_digest(digest, x_nowpayments_sig):
            raise HTTPException(401)
        return {"status": "recorded"}

    del notified
    return bare


if __name__ == "__main__":
    uvicorn.run(
        app(os.environ["ADRELAY_BENCH_SECRET"]),
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        lifespan="off",
    )
