"""A portal of Bitrix24 as far as Srez asks it: deals with the history of their stages, lists in pages, calls, limits.

It answers as the published REST does: forms in, JSON out, errors by status or in the body.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

MOSCOW: Final = timezone(timedelta(hours=3))
CODE: Final = "c0de"
LIMIT: Final = {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
PAGE: Final = 2
"""Rows of a page; the real portal gives fifty."""


def iso(at: datetime) -> str:
    return at.astimezone(MOSCOW).isoformat(timespec="seconds")


@dataclass
class FakeBitrix:
    """``failures``: what the next questions for an object are answered instead, in order. ``asked``: methods, in order."""

    url: str = ""
    deals: dict[int, dict[str, Any]] = field(default_factory=dict)
    stages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def moves(self, deal: int, stage: str, at: datetime, semantic: str = "P", **fields: Any) -> None:
        """The deal comes to a stage, and is made if there is none."""
        known = self.deals.setdefault(
            deal,
            {
                "ID": str(deal), "CATEGORY_ID": "1", "CURRENCY_ID": "RUB", "OPPORTUNITY": "0.00", "ASSIGNED_BY_ID": "17",
                "DATE_CREATE": iso(at), "CLOSED": "N", "CLOSEDATE": iso(at + timedelta(days=14)),
            },
        )  # fmt: skip
        known |= {"STAGE_ID": stage, "STAGE_SEMANTIC_ID": semantic, "MOVED_TIME": iso(at), "DATE_MODIFY": iso(at)}
        known |= {"CLOSED": "Y", "CLOSEDATE": iso(at)} if semantic != "P" else {}
        known |= fields
        self.stages.append(
            {
                "ID": len(self.stages) + 1, "TYPE_ID": 2 if semantic == "P" else 3, "OWNER_ID": deal, "CATEGORY_ID": 1,
                "CREATED_TIME": iso(at), "STAGE_SEMANTIC_ID": semantic, "STAGE_ID": stage,
            }
        )  # fmt: skip

    def edits(self, deal: int, at: datetime, **fields: Any) -> None:
        self.deals[deal] |= {**fields, "DATE_MODIFY": iso(at)}

    async def handle(self, request: web.Request) -> web.Response:
        method, form = request.match_info["method"], dict(parse_qsl(await request.text()))
        self.asked.append(method)
        if request.match_info["code"] != CODE:
            return web.json_response({"error": "INVALID_CREDENTIALS"}, status=401)
        if method != "batch":
            return web.json_response(self.answer(method, form))
        if self.failures:
            status, said = self.failures.pop(0)
            return web.json_response(said, status=status)
        results: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for key, command in form.items():
            if key.startswith("cmd["):
                inner, _, query = command.partition("?")
                told = self.answer(inner, dict(parse_qsl(query)))
                (errors if "error" in told else results)[key[4:-1]] = told if "error" in told else told["result"]
        return web.json_response({"result": {"result": results or [], "result_error": errors or []}})

    def answer(self, method: str, form: dict[str, str]) -> dict[str, Any]:
        if method == "crm.deal.get":
            found = self.deals.get(int(form["id"]))
            return {"result": found} if found else {"error": "", "error_description": "Not found"}
        if method == "crm.deal.list":
            since = datetime.fromisoformat(form["filter[>DATE_MODIFY]"])
            named = [value for key, value in form.items() if key.startswith("select[")]
            rows = [
                {name: deal.get(name) for name in named}
                for _, deal in sorted(self.deals.items())
                if datetime.fromisoformat(deal["DATE_MODIFY"]) > since
            ]
            return _page(rows, form)
        if method == "crm.stagehistory.list":
            return _page(self._moved(form), form, items=True)
        if method == "voximplant.statistic.get":
            after = datetime.fromisoformat(form["FILTER[>CALL_START_DATE]"])
            until = form.get("FILTER[<=CALL_START_DATE]")
            rows = [
                call
                for call in self.calls
                if (began := datetime.fromisoformat(call["CALL_START_DATE"])) > after
                and (until is None or began <= datetime.fromisoformat(until))
                and int(call["CALL_DURATION"]) > int(form.get("FILTER[>CALL_DURATION]", "-1"))
            ]
            return _page(rows, form)
        return {"error": "ERROR_METHOD_NOT_FOUND"}

    def _moved(self, form: dict[str, str]) -> list[dict[str, Any]]:
        owner, since = form.get("filter[OWNER_ID]"), form.get("filter[>CREATED_TIME]")
        return [
            row
            for row in self.stages
            if (owner is None or str(row["OWNER_ID"]) == owner)
            and (since is None or datetime.fromisoformat(row["CREATED_TIME"]) > datetime.fromisoformat(since))
        ]


def _page(rows: list[dict[str, Any]], form: dict[str, str], *, items: bool = False) -> dict[str, Any]:
    start = int(form.get("start", "0"))
    size = PAGE if "start" in form else len(rows)
    shown = rows[start : start + size]
    following = {"next": start + size} if start + size < len(rows) else {}
    return {"result": {"items": shown} if items else shown, "total": len(rows), **following}


@asynccontextmanager
async def fake_bitrix() -> AsyncIterator[FakeBitrix]:
    """``url`` is what an inbound webhook's address would be."""
    portal = FakeBitrix()
    app = web.Application()
    app.router.add_post("/rest/1/{code}/{method}", portal.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    portal.url = f"{site.name}/rest/1/{CODE}/"
    yield portal
    await runner.cleanup()
