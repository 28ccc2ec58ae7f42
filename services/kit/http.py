"""The probes every service answers: ``/healthz`` (alive), ``/readyz`` (can work), ``/metrics``.

Liveness never depends on a broker or a database; readiness does.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from services.kit.patience import Impatient

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, asked for by nobody

Checks = Callable[[], Mapping[str, str | None]]
"""Name → what is wrong, or None when it is well."""


def _nothing() -> Mapping[str, str | None]:
    return {}


def add_probes(app: FastAPI, registry: CollectorRegistry, ready: Checks, notes: Checks = _nothing) -> None:
    """``notes`` are told beside the checks and do not make the service unready."""

    @app.get("/healthz", tags=["probes"])
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", tags=["probes"])
    async def readyz(response: Response) -> dict[str, object]:
        checks = dict(ready())
        well = not any(checks.values())
        response.status_code = 200 if well else 503
        return {
            "status": "ready" if well else "not ready",
            "checks": {k: v or "ok" for k, v in checks.items()},
            "notes": {k: v for k, v in notes().items() if v},
        }

    @app.get("/metrics", tags=["probes"])
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Server(uvicorn.Server):
    """Leaves signals to the service that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """A uvicorn server to be awaited beside other tasks: signals are left to the caller."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Impatient,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    return _Server(config)


async def serve_beside(app: FastAPI, host: str, port: int) -> tuple[uvicorn.Server, "asyncio.Task[None]"]:
    """Start serving in the running loop; returns once the port is open."""
    found = server(app, host, port)
    task = asyncio.create_task(found.serve(), name="http")
    while not found.started:
        if task.done():
            task.result()
            raise OSError(f"could not listen on {host}:{port}")
        await asyncio.sleep(0.01)
    return found, task
