"""An empty FastAPI handler under uvicorn with the same loop and parser: ``… empty_handler PORT``."""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.post("/hooks/{source}")
async def accept(source: str) -> dict[str, bool]:
    return {"ok": True}


@app.post("/hooks/{source}/{rest:path}")
async def accept_path(source: str, rest: str) -> dict[str, bool]:
    return {"ok": True}


@app.get("/readyz")
async def ready() -> dict[str, bool]:
    return {"ok": True}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
