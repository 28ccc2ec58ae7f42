"""The services of a running ``srez up``."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from services.local.doctor.finding import Finding, ok, wrong

SERVICES = ("ingest", "aggregator", "alerts", "board")


async def services(endpoints: Mapping[str, Any]) -> list[Finding]:
    """Each service's /readyz."""
    log = str(endpoints.get("log", "the log of this installation"))
    async with httpx.AsyncClient(timeout=5) as client:
        return list(await asyncio.gather(*(_service(client, name, str(endpoints[name]), log) for name in SERVICES)))


async def ingest_notes(endpoints: Mapping[str, Any]) -> Mapping[str, str] | None:
    """What a running ingest has to say of its sources, which it knows better than we; None when none knows its floor."""
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            told = (await client.get(f"{endpoints['ingest']}/readyz")).json()
    except (KeyError, httpx.HTTPError, ValueError):
        return None
    return told.get("notes", {}) if told.get("checks", {}).get("floor") == "ok" else None


async def _service(client: httpx.AsyncClient, name: str, url: str, log: str) -> Finding:
    try:
        answer = await client.get(f"{url}/readyz")
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        return wrong(name, f"{url}: {type(error).__name__}", f"its last words stand in {log}")
    if answer.status_code == 200:
        return ok(name, url)
    reasons = ", ".join(f"{check}: {state}" for check, state in told.get("checks", {}).items() if state != "ok")
    return wrong(name, f"not ready: {reasons}", f"what it waits for is named; its log stands in {log}")
