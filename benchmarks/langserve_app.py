"""LangServe with the same chains: `python -m benchmarks.langserve_app PORT`.

`langserve[server]` asks for sse-starlette below 2; LangServe itself runs with the newer one that tracer needs, so both
are measured in one environment, with one langchain-core, uvicorn, uvloop and httptools.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from langserve import add_routes

from benchmarks.loads import LOADS


def app() -> FastAPI:
    """Every load under its name."""
    made = FastAPI()
    for load in LOADS.values():
        add_routes(made, load.chain, path=f"/{load.name}", enabled_endpoints=["stream_events"])
    return made


if __name__ == "__main__":
    uvicorn.run(app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
