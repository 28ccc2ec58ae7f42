"""The JSON API: row objects of schemas/rows.py, filters, documented answers, no server error on any input."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from schemas.rows import AlertRow, CoachingRow, SliceRow, TaskRow
from tests.support.running import Services
from tests.support.seed_floor import NOW


@pytest.mark.parametrize(
    ("path", "kind", "least"),
    [
        ("/api/v1/slices", SliceRow, 200),
        ("/api/v1/tasks", TaskRow, 3),
        ("/api/v1/coaching?date=2026-11-20", CoachingRow, 1),
        ("/api/v1/alerts", AlertRow, 2),
    ],
)
async def test_rows_are_the_back_tests(client: httpx.AsyncClient, path: str, kind: Any, least: int) -> None:
    """Exactly the fields of the row object, in its order; instants carry the floor's offset."""
    answer = (await client.get(path)).json()
    assert len(answer["rows"]) >= least
    assert answer["as_of"].endswith("+03:00")
    for row in answer["rows"]:
        assert [name for name in kind.__struct_fields__ if name in row] == list(row)
        again = msgspec.to_builtins(msgspec.convert(row, kind))
        assert set(again) == set(row)
        for name in ("opened", "fired_at", "verified"):
            assert row.get(name, "+03:00").endswith("+03:00")


async def test_filters_narrow(client: httpx.AsyncClient) -> None:
    """date, slice, team and agent each leave only what was asked for."""
    rows = (await client.get("/api/v1/slices?slice=13:00&team=farmers&agent=mark")).json()["rows"]
    assert {(row["slice"], row["team"], row["agent"]) for row in rows} == {("13:00", "farmers", "mark")}
    assert (await client.get("/api/v1/slices?date=2026-11-22")).json()["rows"] == []
    calls = (await client.get("/api/v1/calls?slice=11:00&agent=ivan&limit=5000")).json()["rows"]
    assert calls
    assert all(row["ended_at"] <= "2026-11-23T11:00:00+03:00" for row in calls)
    assert (await client.get("/api/v1/calls?slice=12:34")).json()["rows"] == []


async def test_the_floor_says_what_is_due_now(client: httpx.AsyncClient) -> None:
    """Done, due now, due by the end of the day, standing and task of everybody on the roster."""
    answer = (await client.get("/api/v1/floor?team=hunters")).json()
    rows = {row["agent"]: row for row in answer["rows"]}
    assert len(rows) == 10
    # 80 calls a shift of 8 hours without lunch; at 14:36 four hours and 36 minutes are over.
    assert rows["gleb"]["due"]["calls"] == pytest.approx(80 * 276 / 480, abs=0.1)
    assert rows["gleb"]["due_day"]["calls"] == 80
    assert rows["alina"]["level"] == "technical"
    assert [team["team"] for team in answer["teams"]] == ["hunters"]


async def test_a_day_by_half_hours(client: httpx.AsyncClient) -> None:
    """Every step from the start of the day to its end; what has not come has no count."""
    rows = (await client.get("/api/v1/agents/ivan/day")).json()["rows"]
    calls = [row for row in rows if row["step"] == "calls"]
    assert (calls[0]["at"], calls[-1]["at"]) == ("2026-11-23T09:00:00+03:00", "2026-11-23T18:00:00+03:00")
    assert calls[-1]["done"] is None
    assert calls[-1]["due"] == 80
    assert (await client.get("/api/v1/agents/nobody/day")).status_code == 404


async def test_trust_gives_its_reasons(client: httpx.AsyncClient) -> None:
    """Team × step of each closed slice, with the words of the trust gate."""
    rows = (await client.get("/api/v1/trust?slice=11:00&team=hunters")).json()["rows"]
    assert {row["step"]: row["reasons"] for row in rows}["payments"] == ["silent:bitrix"]
    assert {row["step"]: row["trusted"] for row in rows}["calls"] is True


async def test_the_last_slices_of_lines(client: httpx.AsyncClient) -> None:
    """A line with an open alert is failing."""
    rows = {row["line"]: row for row in (await client.get("/api/v1/lines")).json()["rows"]}
    assert rows["mango-main/trunk-b"]["state"] == "failing"
    assert rows["mango-main/trunk-a"]["state"] == "ok"


async def test_everything_is_documented(client: httpx.AsyncClient) -> None:
    """OpenAPI names each resource of DESIGN §6 that is served."""
    paths = set((await client.get("/api/v1/openapi.json")).json()["paths"])
    names = (
        "floor",
        "agents/{agent}/day",
        "slices",
        "tasks",
        "coaching",
        "alerts",
        "lines",
        "trust",
        "calls",
        "live",
        "forecast",
        "report",
        "sources",
        "sources/{source}",
        "sources/{source}/rejected/{row}",
        "sources/{source}/assign",
        "sources/{source}/replay",
        "quality",
        "quality/stages",
        "quality/questions",
        "quality/queue",
        "quality/disputes",
        "quality/forms",
        "quality/calls/{call}",
        "quality/calls/{call}/score",
        "quality/calls/{call}/dispute",
        "quality/calls/{call}/settle",
    )
    assert {f"/api/v1/{name}" for name in names} <= paths


@pytest.fixture(scope="module")
def board_process(seeded_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A board as a process of its own on the seeded database; its address."""
    folder: Path = tmp_path_factory.mktemp("board")
    running = Services(folder)
    environment = {
        "SREZ_POSTGRES_DSN": seeded_dsn,
        "SREZ_KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "SREZ_KAFKA_DURABLE": "false",
        "SREZ_CLOCK": NOW.isoformat(),
        "SREZ_LOG_FORMAT": "console",
    }
    yield running.start("board", environment).wait_ready().url
    running.stop_all()


CHECKED = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OWN_PAGES = {"sec-fetch-site": "same-origin"}
"""What a browser adds when the board's own page asks."""
PASSED_OVER = ("/api/v1/live", "/healthz", "/readyz", "/metrics")
"""A stream does not end; probes take nothing."""


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_input_breaks_the_api(board_process: str, mode: GenerationMode) -> None:
    """Whatever is asked, rightly or wrongly: a documented answer of the documented shape, never 5xx."""
    schema = schemathesis.openapi.from_url(f"{board_process}/api/v1/openapi.json")
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in PASSED_OVER or (mode is GenerationMode.NEGATIVE and not list(operation.iter_parameters())):
            continue  # what takes no parameter cannot be asked wrongly
        asked.append(operation.path)
        _ask(operation.as_strategy(generation_mode=mode))
    assert len(asked) == (44 if mode is GenerationMode.POSITIVE else 38)


def _ask(cases: Any) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(case=cases)
    def one(case: Any) -> None:
        case.call_and_validate(checks=CHECKED, headers=OWN_PAGES)

    one()
