"""The limit of a list: answer with the same bytes, from memory. `python -m bench.bare_list PORT FILE`."""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response


def app(body: bytes) -> FastAPI:
    """Return an app with the one route."""
    bare = FastAPI(openapi_url=None)

    @bare.get("/")
    async def listed() -> Response:
        return Response(body, media_type="application/json")

    del listed
    return bare


if __name__ == "__main__":
    uvicorn.run(
        app(Path(sys.argv[2]).read_bytes()),
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        lifespan="off",
    )
