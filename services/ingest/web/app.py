"""The FastAPI application: hooks on a bypass of their own, probes, and an OpenAPI that tells of both."""

from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from services.ingest.web.answer import CODES
from services.ingest.web.hooks import PREFIX, Hooks
from services.kit.http import Checks, add_probes

_TEXTS = {
    "post": "Accept one webhook of a source",
    "get": "The same, and challenges, where the provider uses GET",
    "options": "CloudEvents handshake",
}


class IngestApp(FastAPI):
    """Hands ``/hooks/…`` straight to its endpoint: routing and middleware would cost more than the work itself."""

    def __init__(self, hooks: Hooks, registry: CollectorRegistry, ready: Checks, notes: Checks) -> None:
        super().__init__(title="Srez ingest", version="1", docs_url="/docs", redoc_url=None)
        self._hooks = hooks
        self._describe = self.openapi
        self.openapi = self._with_hooks  # type: ignore[method-assign]  # FastAPI's documented way to extend it
        add_probes(self, registry, ready, notes)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._hooks(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def _with_hooks(self) -> dict[str, Any]:
        schema = self._describe()
        for path in ("/hooks/{source}", "/hooks/{source}/{rest}"):
            schema["paths"].setdefault(path, {method: _operation(path, method) for method in _TEXTS})
        return schema


def _operation(path: str, method: str) -> dict[str, Any]:
    names = [name for name in ("source", "rest") if f"{{{name}}}" in path]
    operation: dict[str, Any] = {
        "tags": ["hooks"],
        "summary": _TEXTS[method],
        "operationId": f"hook_{method}_{'_'.join(names)}",
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        "responses": _responses(),
    }
    if method == "post":
        operation["requestBody"] = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    return operation


def _responses() -> dict[str, Any]:
    texts: dict[str, list[str]] = {}
    for code, text in CODES.values():
        texts.setdefault(str(code), []).append(text)
    return {code: {"description": "; ".join(parts)} for code, parts in texts.items()}
