"""One simulated day through the real services, and the same facts through a back-test: the same rows come out."""

from pathlib import Path
from typing import Any

import pytest

from services.lab.backtest.read import read
from services.lab.backtest.run import Result, run
from tests.support.fake_slack import running_slack
from tests.support.real_day import RealDay
from tests.support.running import Services
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

COLUMNS = {
    "slices": ("slice", "agent", "step", "done", "in_slice", "target", "index", "p_below", "level", "trusted", "late"),
    "tasks": ("task", "agent", "step", "target", "opened", "verified", "result"),
    "coaching": ("agent", "step", "opened", "reason"),
    "forecasts": ("date", "slice", "scope", "step", "done", "plan", "median", "low", "high", "p_plan"),
    "month_forecasts": ("date", "scope", "unit", "done", "plan", "median", "low", "high", "p_plan"),
}


async def test_live_equals_back_test(services: Services, postgres_dsn: str, broker: str, tmp_path: Path) -> None:
    """Slices, tasks and coaching are equal row by row; findings on lines and teams have the same verdicts and scopes."""
    with running_slack() as slack:
        day = RealDay(services, postgres_dsn, broker, slack, tmp_path, seed=7)
        report = await day.play()
        assert report.well
        replayed = run(day.floor, read(await day.facts_file(), day.floor))
        # What came late is counted beside the frozen rows in its own time.
        late = sum(row.late for row in replayed.slices)
        await eventually(lambda: shown_late(day, late), f"{late} late facts to be shown")
        for table, columns in COLUMNS.items():
            live = await day.all(f"SELECT {', '.join(quoted(columns))} FROM {table}")
            assert in_order(live, columns) == of_result(replayed, table, columns)
        # Silences depend on when webhooks arrive, and a busy machine holds them up: only the others are compared.
        alerts = await day.all("SELECT kind, verdict, scope FROM alerts WHERE scope NOT LIKE 'source:%'")
        told = ("kind", "verdict", "scope")
        assert in_order(alerts, told) == [row for row in of_result(replayed, "alerts", told) if "source:" not in row[2]]


async def shown_late(day: RealDay, late: int) -> bool:
    return bool((await day.one("SELECT sum(late) AS late FROM slices"))["late"] == late)


def quoted(columns: tuple[str, ...]) -> list[str]:
    return [f"{name}::text AS {name}" if name == "task" else f'"{name}"' for name in columns]


def in_order(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return sorted((tuple(row[name] for name in columns) for row in rows), key=repr_of)


def of_result(result: Result, table: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return sorted((tuple(getattr(row, name) for name in columns) for row in getattr(result, table)), key=repr_of)


def repr_of(row: tuple[Any, ...]) -> tuple[str, ...]:
    """Instants of different zones and missing values sort alike on both sides."""
    return tuple(str(value.timestamp()) if hasattr(value, "timestamp") else str(value) for value in row)
