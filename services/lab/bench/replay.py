"""B6: a back-test of a million facts, against reading and decoding the same file. Needs no servers."""

import re
import tempfile
from datetime import date as Date
from pathlib import Path
from typing import Final

import msgspec

import deploy
from schemas.floor import Floor, dump, load, parse
from services.lab.bench.result import Figure, Result
from services.lab.bench.stack import FreshStack, Stack, running
from services.lab.bench.told import Took
from services.lab.simulate import scenario_named, simulate

FACTS: Final = 1_000_000
DAYS: Final = 5
DATE: Final = Date(2026, 11, 23)
GOAL: Final = 10.0
PATIENCE_S: Final = 1800.0
EXAMPLE: Final = Path(deploy.__file__).with_name("floor.example.yaml")
_ID = re.compile(rb'"id":"([0-9a-f]{4})')
_AGENT = re.compile(rb'"agent":"([a-z]+)"')


def bench(fresh: FreshStack, scale: float) -> Result:
    with tempfile.TemporaryDirectory(prefix="srez-bench-") as name:
        folder = Path(name)
        facts, floor = folder / "facts.ndjson", folder / "floor.yaml"
        number = write(facts, floor, int(FACTS * scale))
        with running(Stack("", "", wrap=lambda command: list(command))) as children:
            took = {
                kind: msgspec.json.decode(
                    children.last_line(
                        children.module(
                            "services.lab.bench.yardsticks.reading", kind, str(facts), str(floor), str(folder / "out")
                        ),
                        PATIENCE_S,
                    ),
                    type=Took,
                )
                for kind in ("read", "backtest")
            }
    ratio = took["backtest"].seconds / took["read"].seconds
    return Result(
        bench="B6",
        what=f"back-test of {number:,} facts".replace(",", " "),
        goal=f"≤ {GOAL:g} × reading and decoding the same file",
        figures=[
            Figure(name="back-test", value=took["backtest"].seconds, unit="s", role="measured"),
            Figure(name="reading and decoding", value=took["read"].seconds, unit="s", role="yardstick"),
            Figure(name="ratio", value=ratio, unit="×", role="ratio"),
            Figure(name="facts", value=number, unit="facts"),
            Figure(name="memory of the back-test", value=took["backtest"].peak_mb, unit="MB"),
        ],
        reached=ratio <= GOAL,
        notes=[f"{DAYS} days of the demo floor, copied to {took['backtest'].agents} agents"],
    )


def write(facts: Path, floor: Path, number: int) -> int:
    """About *number* facts and the floor they belong to: one simulated week, copied agent by agent. Returns the count."""
    example = parse(dump(load(str(EXAMPLE))))
    week = simulate(example, scenario_named("demo"), seed=1, date=DATE, days=DAYS)
    copies = max(1, round(number / len(week.deliveries)))
    lines = week.ndjson().splitlines(keepends=True)
    with facts.open("wb") as out:
        for copy in range(copies):
            mark, tail = f'"id":"{copy:04x}'.encode(), f"-{copy:04d}".encode()
            out.writelines(_AGENT.sub(rb'"agent":"\1' + tail + b'"', _ID.sub(mark, line, count=1)) for line in lines)
    floor.write_text(dump(_copied(example, copies)), encoding="utf-8")
    return copies * len(lines)


def _copied(floor: Floor, copies: int) -> Floor:
    """The same floor with every team and agent *copies* times; norms by role, so that they stay a handful."""
    norms = []
    for entry in floor.norms:
        role = {"hunters": "caller", "farmers": "closer"}.get(entry.for_.team or "")
        if role:
            norms.append(entry.model_copy(update={"for_": entry.for_.model_copy(update={"team": None, "role": role})}))
    tags = [f"-{copy:04d}" for copy in range(copies)]
    return floor.model_copy(
        update={
            "teams": tuple(team.model_copy(update={"id": team.id + tag}) for tag in tags for team in floor.teams),
            "agents": tuple(
                agent.model_copy(update={"id": agent.id + tag, "team": agent.team + tag, "identities": {}})
                for tag in tags
                for agent in floor.agents
            ),
            "norms": tuple(norms),
            "plan": (),
        }
    )
