"""The services of a running ``srez up``."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from services.local.doctor.finding import Finding, ok, wrong

SERVICES = ("ingest", "aggregator", "alerts", "board")


async def services(endpoints: Mapping[str, Any]) -> list[Finding]:
    """Each service's /readyz."""
    async with httpx.AsyncClient(timeout=5) as client:
        return list(await asyncio.gather(*(_service(client, name, str(endpoints[name])) for name in SERVICES)))


async def _service(client: httpx.AsyncClient, name: str, url: str) -> Finding:
    try:
        answer = await client.get(f"{url}/readyz")
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        return wrong(name, f"{url}: {type(error).__name__}", "its last words stand in .srez/srez.log")
    if answer.status_code == 200:
        return ok(name, url)
    reasons = ", ".join(f"{check}: {state}" for check, state in told.get("checks", {}).items() if state != "ok")
    return wrong(name, f"not ready: {reasons}", "what it waits for is named; its log stands in .srez/srez.log")
