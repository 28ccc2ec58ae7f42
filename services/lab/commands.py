"""The lab's commands: ``srez simulate``, ``srez feed``, ``srez bench`` (and ``srez backtest``, see backtest.py)."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import date as Date
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

import deploy
from schemas.floor import Floor, FloorError, load
from services.kit.clock import Clock
from services.kit.errors import SrezError
from services.lab.backtest.command import backtest
from services.lab.feeder import FeedReport, Progress
from services.lab.feeder import feed as feed_day
from services.lab.simulate import SCENARIOS, FloorDay, scenario_named
from services.lab.simulate import simulate as simulate_day
from services.lab.simulate.floor_day import DATE

if TYPE_CHECKING:
    from services.lab.bench import FreshStack

__all__ = ["backtest", "bench_with", "feed", "simulate"]

EXAMPLE = Path(deploy.__file__).with_name("floor.example.yaml")
NAMES = "; ".join(f"{scenario.name}: {scenario.story}" for scenario in SCENARIOS.values())
EARLY = timedelta(seconds=30)
"""A fed day starts this much (of its own time) before its first request."""

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help=NAMES)]
FloorFile = Annotated[Path, typer.Option("--floor", help="floor file; default: the product's example")]
Seed = Annotated[int, typer.Option(help="same seed, same day, byte for byte")]
Days = Annotated[int, typer.Option(min=1, help="working days in a row")]
FirstDate = Annotated[
    datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="first day; moved on to a working day that fits")
]


def simulate(
    scenario: ScenarioName,
    out: Annotated[Path, typer.Option(help="facts, NDJSON, in order of arrival")],
    truth: Annotated[Path, typer.Option(help="what really happened, JSON")],
    seed: Seed = 1,
    floor: FloorFile = EXAMPLE,
    days: Days = 1,
    date: FirstDate = datetime.combine(DATE, datetime.min.time()),  # noqa: B008 - a constant
) -> None:
    """Make a floor's day up: facts as they arrive, and the truth about them."""
    day = _day(scenario, floor, seed, date.date(), days)[1]
    try:
        out.write_bytes(day.ndjson())
        truth.write_bytes(day.truth.json())
    except OSError as error:
        typer.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
        raise typer.Exit(2) from error
    told = day.truth
    typer.echo(
        f"{told.scenario}, seed {seed}, {', '.join(told.dates)}: {told.facts} facts, "
        f"{len(told.duplicated)} of them twice, {len(told.late)} late → {out}; the truth → {truth}",
        err=True,
    )


def feed(
    scenario: ScenarioName,
    url: Annotated[str, typer.Option(help="address of ingest, such as http://127.0.0.1:8100")],
    ledger: Annotated[Path, typer.Option(help="outcome of every request, NDJSON")],
    speed: Annotated[
        float, typer.Option(min=0, help="how much faster than life; 0: all at once. SREZ_CLOCK wins when it is set")
    ] = 0,
    seed: Seed = 1,
    floor: FloorFile = EXAMPLE,
    days: Days = 1,
    date: FirstDate = datetime.combine(DATE, datetime.min.time()),  # noqa: B008 - a constant
) -> None:
    """Post a made-up day to ingest as its providers would: signed, with duplicates, late ones and nonsense.

    Secrets are read from the environment variables that the floor file names. Ingest must run with the same clock
    (SREZ_CLOCK, SREZ_CLOCK_ANCHOR), or the day's times lie in its future or past.
    """
    described, day = _day(scenario, floor, seed, date.date(), days)
    clock = _clock(day, speed)
    try:
        report = asyncio.run(
            feed_day(
                described,
                day,
                ingest_url=url,
                secrets=os.environ,
                clock=clock,
                ledger_path=ledger,
                on_progress=lambda progress: _show(described, progress),
            )
        )
    except (SrezError, OSError) as error:
        raise _stop(str(error)) from error
    _show_report(report, ledger)
    if not report.well:
        raise typer.Exit(1)


def bench_with(fresh: "FreshStack") -> Callable[..., None]:
    """The command ``srez bench`` on stacks made by *fresh* (whose owner knows how to start servers)."""

    def bench(
        names: Annotated[
            list[str] | None, typer.Argument(metavar="[NAME]…", help="B1, B2, B3, B5, B6, B9; default: all")
        ] = None,
        json: Annotated[Path | None, typer.Option("--json", help="write the figures here too")] = None,
        scale: Annotated[float, typer.Option(min=0.01, max=10, help="below 1: shorter and rougher")] = 1.0,
    ) -> None:
        """Measure speed against yardsticks of the same run. Takes minutes; uses servers of its own."""
        from services.lab.bench import run  # drivers and clients: not for every start of srez
        from services.lab.bench.result import report, table

        try:
            results = run(names or [], fresh, scale=scale, say=lambda text: typer.echo(text, err=True))
        except SrezError as error:
            raise _stop(str(error)) from error
        Console().print(table(results))
        if json is not None:
            json.write_bytes(report(results))

    return bench


def _clock(day: FloorDay, speed: float) -> Clock:
    if os.environ.get("SREZ_CLOCK"):
        return Clock.from_environment()
    received = [fact.received_at for fact in day.deliveries if fact.received_at is not None]
    first, last = (received[0], received[-1]) if received else (day.days[0].starts, day.days[0].ends)
    if speed == 0:
        return Clock(last + EARLY, 1.0, time.time())
    return Clock(first - EARLY, speed, time.time())


def _show(floor: Floor, progress: Progress) -> None:
    at = progress.at.astimezone(floor.zone).strftime("%d.%m %H:%M")
    late = f", {progress.behind_s:.1f} s behind" if progress.behind_s > 1 else ""
    typer.echo(f"{at}  sent {progress.sent} of {progress.planned}, accepted {progress.accepted}{late}", err=True)


def _show_report(report: FeedReport, ledger: Path) -> None:
    outcomes = ", ".join(f"{status}: {count}" for status, count in report.outcomes.items())
    typer.echo(
        f"{report.requests} requests in {report.seconds:.1f} s, {report.accepted} accepted, "
        f"{report.retried} more than once ({outcomes}); ledger → {ledger}",
        err=True,
    )
    for source, count in report.unfed.items():
        typer.echo(f"{count} facts of source {source} could not be sent: no sender for it in this floor", err=True)


def _day(scenario: str, floor: Path, seed: int, date: Date, days: int) -> tuple[Floor, FloorDay]:
    try:
        found = load(str(floor))
        return found, simulate_day(found, scenario_named(scenario), seed=seed, date=date, days=days)
    except FloorError as error:
        raise _stop(f"{floor}:\n{error}") from error
    except (SrezError, OSError, ValueError) as error:
        raise _stop(str(error)) from error


def _stop(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(2)
