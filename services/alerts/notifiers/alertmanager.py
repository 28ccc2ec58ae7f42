"""Prometheus' Alertmanager, API v2: a firing alert lives there until ``endsAt``, so it is posted again before that.

Labels are what makes it the same alert and never change while it lasts; what may change stands in the annotations. The end,
and what was withdrawn, is the same alert with ``endsAt`` now. Posting the same twice changes nothing.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from services.alerts.notifiers import http_answer, plain
from services.alerts.notifiers.base import Ability, Reference, Refused, Sent
from services.alerts.wording.content import Content

NAMES: Final = {"outage": "SrezOutage", "efficiency": "SrezEfficiency", "data": "SrezData"}
PATH: Final = "/api/v2/alerts"


class Alertmanager:
    ability = Ability(repeats=True, every_state=True, alerts_only=True, keeps=True)

    def __init__(self, url: str, *, timeout_s: float, lives_s: float) -> None:
        """*url*: base address, with user and password if it asks for them; *lives_s*: how long a firing alert lives unheard."""
        self._url = url.rstrip("/").removesuffix(PATH) + PATH
        self._lives = timedelta(seconds=lives_s)
        self._client = httpx.AsyncClient(timeout=timeout_s)

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        raw = json.dumps([self._alert(content, reference, datetime.now(UTC))], ensure_ascii=False).encode()
        await http_answer.post(self._client, self._url, raw, {"content-type": "application/json"})
        return Sent("", reference.transition)

    def _alert(self, content: Content, reference: Reference, now: datetime) -> dict[str, Any]:
        data = content.data
        kind = data.get("kind")
        if kind not in NAMES or "fired_at" not in data:
            raise Refused("Alertmanager takes alerts only", "bad_value")
        begun = min(datetime.fromisoformat(data["fired_at"]), now)
        ended = datetime.fromisoformat(data["resolved_at"]) if data.get("resolved_at") else now
        ends = max(begun, min(ended, now)) if content.final else now + self._lives
        labels = {
            "alertname": NAMES[kind],
            "srez_alert": str(data.get("alert") or reference.group_key),
            "scope": str(data.get("scope") or ""),
            "team": str(data.get("team") or ""),
        }
        annotations = {
            "summary": plain.one_line(content.title),
            "description": plain.body(content),
            "verdict": str(data.get("verdict") or ""),
            "state": str(data.get("state") or ""),
            "owner": str(data.get("owner") or ""),
        }
        found: dict[str, Any] = {
            "labels": {name: value for name, value in labels.items() if value},
            "annotations": {name: value for name, value in annotations.items() if value},
            "startsAt": begun.isoformat(),
            "endsAt": ends.isoformat(),
        }
        return {**found, "generatorURL": content.link[1]} if content.link else found

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("each state is posted to Alertmanager as the same alert", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("nothing has to be looked up in Alertmanager", "bad_value")

    async def close(self) -> None:
        await self._client.aclose()
