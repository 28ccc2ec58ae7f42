"""Norms proposed from a file and from PostgreSQL, and applied: the same days, the same norms, from the next midnight on."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from schemas.facts import Fact, encode
from schemas.floor import Floor, parse
from schemas.steps import STEPS
from services.kit.errors import BadInput, Misconfigured
from services.local import floors
from services.local.cli import app
from services.local.norms import from_database, from_facts, paper
from services.local.norms.looked import working_dates
from services.rules.norms import norms_of
from services.rules.versions import floor_on
from tests.services.aggregator.feeding import call, day_of_facts, event, floor_text, state, store

REVIEW = "review: {window_days: [4, 60], min_events: 20}"
TEXT = floor_text(agents=6, zone="Europe/Moscow", more=REVIEW).replace(
    "per_day: {calls: 80", "per_day: {calls: 20   # dials\n     "
)
FLOOR = parse(TEXT)
FIRST = Date(2026, 11, 16)
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def at(date: Date, hour: int, minute: int = 0) -> datetime:
    return datetime(date.year, date.month, date.day, hour, minute, tzinfo=FLOOR.zone).astimezone(UTC)


def some_days() -> list[Fact]:
    """Four days of six agents; on the second the only trunk is dead for an hour and a0 is at the trainer's; on the third
    a1 is not there and nobody recorded it."""
    found: list[Fact] = []
    for ahead in range(4):
        date = FIRST + timedelta(days=ahead)
        for agent in range(6):
            if (ahead, agent) == (2, 1):
                continue
            for number in range(24 + agent):
                moment = at(date, 9, 1) + timedelta(minutes=number * 530 // (24 + agent) + agent)
                dead = ahead == 1 and at(date, 10) <= moment < at(date, 11)
                found.append(
                    call(
                        f"a{agent}", moment, key=number, talk_s=700 if number % 5 == 0 else 60,
                        disposition="failed" if dead else "answered", sip=503 if dead else None,
                        customer=f"k1:{agent:08x}{number:08x}",
                    )
                )  # fmt: skip
            found.append(event("srez.presentation.made.v1", f"a{agent}", at(date, 12, agent), key=ahead))
    second = FIRST + timedelta(days=1)
    return [*found, state("a0", at(second, 15), "coaching"), state("a0", at(second, 16), "available")]


def written(folder: Path, found: list[Fact]) -> Path:
    path = folder / "facts.ndjson"
    path.write_bytes(b"\n".join(map(encode, found)) + b"\n")
    return path


def nothing(*_: Any) -> None:
    """Progress that nobody watches."""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], terminal_width=200)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """(floor file, facts file); the clock stands on the fifth day."""
    monkeypatch.setenv("SREZ_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("SREZ_CLOCK", NOW.isoformat())
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("SREZ_POSTGRES_DSN", raising=False)
    floor = tmp_path / "floor.yaml"
    floor.write_text(TEXT)
    return floor, written(tmp_path, some_days())


def test_days_off_a_file(tmp_path: Path) -> None:
    """Counts, exposure, technical time, coaching and absence are what the live rules make of them."""
    looked = from_facts.look(written(tmp_path, some_days()), FLOOR, None, None, nothing, nothing)
    days = {(one.agent, (one.date - FIRST).days): one for one in looked.days}
    assert [date.day for date in looked.dates] == [16, 17, 18, 19]
    assert (days["a0", 0].count("calls"), days["a0", 0].exposed_min, days["a0", 0].technical_share) == (24, 480, 0)
    assert (days["a0", 0].count("answered"), days["a0", 0].count("long_calls")) == (24, 5)
    assert days["a2", 0].counts["presentations"] == {24: 1}
    assert days["a2", 1].technical_share > 0.1
    assert days["a0", 1].exposed_min == pytest.approx(days["a2", 1].exposed_min - 60, abs=15)
    assert (days["a1", 2].facts, days["a1", 2].count("calls")) == (False, 0)


@pytest.mark.integration
def test_the_database_gives_the_same_days(postgres_dsn: str, tmp_path: Path) -> None:
    """Whether facts lie in a file or in PostgreSQL does not matter."""
    found = [*some_days(), *day_of_facts(7, 300, at(FIRST + timedelta(days=3), 8), timedelta(hours=11))]
    floors.apply(postgres_dsn, TEXT, at(FIRST, 8))
    asyncio.run(store(postgres_dsn, found, FLOOR))
    live = from_database.look(postgres_dsn, None, FIRST, None, NOW, nothing)
    filed = from_facts.look(written(tmp_path, found), FLOOR, None, None, nothing, nothing)
    assert live.dates == filed.dates
    assert sorted(live.days, key=repr) == sorted(filed.days, key=repr)
    assert sum(one.count("calls") for one in live.days) > 600
    norms = [paper.write(looked, NOW.date()).norms for looked in (live, filed)]
    assert norms[0] == norms[1]
    assert (live.version, filed.version) == (1, None)


def _brought_along(found: list[Fact]) -> list[Fact]:
    """As if the sources had been connected on the third evening, and had told of the days before at once."""
    evening = at(FIRST + timedelta(days=2), 20)
    return [
        msgspec.structs.replace(one, received_at=evening + timedelta(seconds=n)) if one.time < evening else one
        for n, one in enumerate(found)
    ]


@pytest.mark.integration
def test_history_brought_along_counts(postgres_dsn: str, tmp_path: Path) -> None:
    """Days from before the sources were connected are as good as those that came live, and two hours of which nothing is
    known are no pace of anybody there either."""
    found = [one for one in some_days() if not at(FIRST, 10) < one.time < at(FIRST, 12, 30)]
    plain = from_facts.look(written(tmp_path, found), FLOOR, None, None, nothing, nothing)
    later = _brought_along(found)
    filed = from_facts.look(written(tmp_path, later), FLOOR, None, None, nothing, nothing)
    floors.apply(postgres_dsn, TEXT, at(FIRST, 8))
    asyncio.run(store(postgres_dsn, later, FLOOR))
    live = from_database.look(postgres_dsn, None, FIRST, None, NOW, nothing)
    assert sorted(live.days, key=repr) == sorted(filed.days, key=repr)
    told = {(one.agent, one.date): (one.counts, one.untrusted, one.technical_share > 0.2) for one in filed.days}
    assert told == {(one.agent, one.date): (one.counts, one.untrusted, one.technical_share > 0.2) for one in plain.days}
    assert told["a2", FIRST][2]
    assert not told["a2", FIRST + timedelta(days=2)][1]


@pytest.mark.integration
def test_days_before_what_was_brought_along_are_unknown(postgres_dsn: str, tmp_path: Path) -> None:
    """Nothing tells of the first day, neither then nor later: nobody's pace was nought on it."""
    found = _brought_along([one for one in some_days() if one.time > at(FIRST + timedelta(days=1), 0)])
    floors.apply(postgres_dsn, TEXT, at(FIRST, 8))
    asyncio.run(store(postgres_dsn, found, FLOOR))
    live = from_database.look(postgres_dsn, None, FIRST, None, NOW, nothing)
    first = [one for one in live.days if one.date == FIRST]
    assert first
    assert all(one.untrusted == frozenset(STEPS) for one in first)


@pytest.mark.integration
def test_a_day_that_is_not_over_is_refused(postgres_dsn: str) -> None:
    """Half a day would lower every norm."""
    with pytest.raises(Misconfigured, match="not over; the last one is 2026-11-19"):
        from_database.look(postgres_dsn, FLOOR, None, NOW.date(), NOW, nothing)


@pytest.mark.integration
def test_without_a_floor_there_is_nothing_to_review(postgres_dsn: str) -> None:
    """Said in words."""
    with pytest.raises(Misconfigured, match="srez floor apply"):
        from_database.look(postgres_dsn, None, None, None, NOW, nothing)


def test_the_window_reaches_back_over_working_days() -> None:
    """Sixty at most, days off skipped."""
    weekdays = parse(TEXT.replace(", sat, sun]", "]"))
    found = working_dates(weekdays, None, Date(2026, 11, 22))
    assert (len(found), found[-1], found[0]) == (60, Date(2026, 11, 20), Date(2026, 8, 31))
    assert working_dates(weekdays, Date(2026, 11, 19), Date(2026, 11, 22)) == found[-2:]


def test_a_proposal_is_shown_and_kept(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A table for people, a file for apply: what is proposed, from whom, of how many days, what was left out."""
    floor, facts = files
    done = run("norms", "propose", "--floor", floor, "--facts", facts, "--out", tmp_path / "norms.json")
    assert done.exit_code == 0, done.stderr
    assert "4 working days, 2026-11-16 … 2026-11-19" in done.stdout
    assert "best: a5" in done.stdout
    assert "held to +5.0%" in done.stdout
    assert "1 with nothing known of the agent" in done.stdout
    kept = json.loads((tmp_path / "norms.json").read_text())
    calls = kept["norms"][0]
    assert (kept["floor"], kept["floor_version"], kept["from"], kept["until"], kept["days"]) == (
        "main", None, "2026-11-16", "2026-11-19", 4,
    )  # fmt: skip
    assert (calls["for"], calls["step"], calls["now"], calls["per_day"], calls["capped"]) == (
        {"floor": "main"}, "calls", 20, 21, True,
    )  # fmt: skip
    assert [best["agent"] for best in calls["performers"]] == ["a5"]
    assert calls["left_out"] == {"no_facts": 1}
    assert calls["performers"][0]["index"] == round(calls["performers"][0]["index"], 6)
    assert {one["step"] for one in kept["curves"]} == set(STEPS)
    again = paper.decode((tmp_path / "norms.json").read_bytes())
    assert json.loads(paper.encode(again)) == kept


def test_why_nothing_is_proposed_is_told(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Days are there, yet no table may be made of them: not a word of what was left out would leave people guessing."""
    floor, _ = files
    strangers = [call(None, at(FIRST + timedelta(days=n), 12), key=k) for n in range(4) for k in range(20)]
    facts = written(tmp_path, [*some_days(), *strangers])
    done = run("norms", "propose", "--floor", floor, "--facts", facts, "--out", tmp_path / "norms.json")
    assert done.exit_code == 0, done.stderr
    assert "kept: nothing is known of it" in done.stdout
    assert ", 23 with incomplete data" in done.stdout


def test_a_floor_file_is_changed_in_place(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Comments stay; nothing is in force yet; the second time there is nothing to do."""
    floor, facts = files
    out = tmp_path / "norms.json"
    run("norms", "propose", "--floor", floor, "--facts", facts, "--out", out)
    done = run("norms", "apply", out, "--floor", floor)
    assert done.exit_code == 0, done.stderr
    assert "norms[floor main].per_day.calls: 20.0 → 21.0" in done.stdout
    assert "not in force yet: srez floor apply" in done.stdout
    assert "per_day: {calls: 21   # dials" in floor.read_text()
    assert "curves.calls: added" in done.stdout
    assert parse(floor.read_text()).norms[0].reference["calls"] > 21
    told = "norms[floor main].from.calls: work of 6 agents over 4 days, 2026-11-16 … 2026-11-19, applied 2026-11-20"
    assert told in done.stdout
    entry = parse(floor.read_text()).norms[0]
    assert (entry.source("calls"), entry.source("calls", "reference"), entry.from_["calls"].days) == (
        "review",
        "review",
        4,
    )
    learned = {one["step"]: one["weights"] for one in json.loads(out.read_text())["curves"] if not one["flat"]}
    assert {step: dict(curve) for step, curve in parse(floor.read_text()).curves.items()} == {
        step: {clock: pytest.approx(weight, abs=5e-4) for clock, weight in curve.items()}
        for step, curve in learned.items()
    }
    assert "Nothing to do" in run("norms", "apply", out, "--floor", floor).stdout
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


def test_a_proposal_against_other_norms_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Somebody changed the norm meanwhile: five percent of what, and from where?"""
    floor, facts = files
    out = tmp_path / "norms.json"
    run("norms", "propose", "--floor", floor, "--facts", facts, "--out", out)
    changed = TEXT.replace("calls: 20", "calls: 30")
    floor.write_text(changed)
    done = run("norms", "apply", out, "--floor", floor)
    assert done.exit_code == 1
    assert "norms[floor main].per_day.calls: is 30; the proposal was made when it was 20. Propose again" in done.stderr
    assert floor.read_text() == changed
    floor.write_text(TEXT.replace("floor: main\n", "floor: other\n").replace("{floor: main}", "{floor: other}"))
    assert "for floor 'main', this one is 'other'" in run("norms", "apply", out, "--floor", floor).stderr


@pytest.mark.integration
def test_applied_norms_hold_from_the_next_midnight(
    files: tuple[Path, Path], postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A further version; today goes on by the old norm, in the closer's own reading of versions."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    out = tmp_path / "norms.json"
    assert run("norms", "apply", out).exit_code == 2
    floors.apply(postgres_dsn, TEXT, at(FIRST, 8))
    asyncio.run(store(postgres_dsn, some_days(), FLOOR))
    done = run("norms", "propose", "--out", out)
    assert done.exit_code == 0, done.stderr
    done = run("norms", "apply", out)
    assert done.exit_code == 0, done.stderr
    assert "Version 2 applied. Today goes on by the old norms; the new ones hold from 2026-11-21 00:00" in done.stdout
    found = [(number, applied, parse(text)) for number, applied, text in asyncio.run(_versions(postgres_dsn))]
    assert [_calls(floor_on(found, Date(2026, 11, day))[1]) for day in (19, 20, 21)] == [20, 20, 21]
    assert "Nothing to do: version 2" in run("norms", "apply", out).stdout
    assert len(asyncio.run(_versions(postgres_dsn))) == 2


async def _versions(dsn: str) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch("SELECT version, applied_at, text FROM floors ORDER BY version"))
    finally:
        await connection.close()


def _calls(floor: Floor) -> float:
    return norms_of(floor, floor.agents[0], "fri")["calls"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["propose", "--facts", "FACTS"], 2, "--facts needs --floor"),
        (["propose", "--floor", "FLOOR", "--from", "2026-11-19", "--until", "2026-11-16"], 2, "--from is after"),
        (["propose", "--floor", "FLOOR", "--facts", "FLOOR"], 2, "floor.yaml:2:"),
        (["propose", "--floor", "FLOOR", "--facts", "nowhere"], 2, "nowhere: No such file"),
        (["propose", "--floor", "FLOOR", "--facts", "FACTS", "--until", "2026-11-01"], 1, "nothing to learn from"),
        (["apply", "nowhere"], 2, "nowhere: No such file"),
    ],
)
def test_wrong_use_is_told(files: tuple[Path, Path], words: list[str], code: int, told: str) -> None:
    """In one line, with what would be right."""
    known = {"FLOOR": files[0], "FACTS": files[1]}
    done = run("norms", *(known.get(word, word) for word in words))
    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize("raw", [b"", b"{}", b"no json", b'{"floor": 7}', b"\xff"])
def test_another_file_is_no_proposal(raw: bytes) -> None:
    """Said in words, whatever it is."""
    with pytest.raises(BadInput, match="srez norms propose"):
        paper.decode(raw)


@pytest.mark.parametrize("command", ["propose", "apply"])
def test_help_has_an_example(command: str) -> None:
    """A line to copy."""
    assert "Example: srez norms" in run("norms", command, "--help").stdout
