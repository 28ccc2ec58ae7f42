"""The same facts in any order, and any number of times, give the same bytes."""

import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from schemas.facts import CallEnded, Fact
from tests.services.lab.backtest.telling import (
    MONDAY,
    call,
    invoice,
    judged,
    objects,
    presentation,
    row,
    state,
    written,
)


def busy_days(chance: random.Random) -> list[Fact]:
    """Two days of three agents: one lags, a trunk dies, facts come late, twice, revised, and of nobody."""
    found: list[Fact] = []
    for day in range(2):
        on = MONDAY + timedelta(days=day)
        for agent, source, per_hour in (("ivan", "mango", 8), ("maria", "mango", 2), ("petr", "fs", 6)):
            for hour in (9, 10, 11, 12, 14, 15, 16, 17, 18):
                for n in range(per_hour):
                    clock = f"{hour:02}:{chance.randrange(60):02}:{chance.randrange(60):02}"
                    talk_s = chance.choice([0, 0, 20, 700])
                    late = chance.random() < 0.05
                    received = "19:30" if late else None
                    found.append(
                        call(
                            f"{day}{agent}{hour}{n}",
                            clock,
                            agent,
                            on=on,
                            received=received,
                            source=source,
                            talk_s=talk_s,
                        )
                    )
        for n in range(6):
            dead = {"disposition": "congestion", "q850": 34, "line": "mango/b"}
            found.append(call(f"{day}dead{n}", f"10:00:{10 + n}", ("ivan", "maria")[n % 2], on=on, **dead))
        found += [presentation(f"{day}p{n}", f"15:0{n}", None, identity=str(17 + n), on=on) for n in range(3)]
        found.append(invoice(f"{day}i", "16:30", "petr", on=on))
        found.append(state(f"{day}s", "16:40", "petr", "technical", on=on))
        found.append(call(f"{day}who", "12:30", None, on=on, identity="999"))
    revised = [
        msgspec.structs.replace(
            fact,
            data=msgspec.structs.replace(fact.data, disposition="answered", talk_s=900),
            received_at=fact.time + timedelta(hours=1),
        )
        for fact in found
        if isinstance(fact.data, CallEnded) and chance.random() < 0.03
    ]
    return found + revised


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    return busy_days(random.Random(11))


def test_the_days_hold_everything(tmp_path: Path, facts: list[Fact]) -> None:
    """The file of this suite is worth shuffling: it has tasks, alerts, late facts and both days' slices."""
    files = {name: objects(lines) for name, lines in written(tmp_path, facts).items()}
    assert files["tasks.ndjson"]
    assert {one["scope"] for one in files["alerts.ndjson"]} >= {"line:mango/b"}
    assert any(one["late"] for one in files["slices.ndjson"])
    assert {one["date"] for one in files["slices.ndjson"]} == {"2026-11-23", "2026-11-24"}


@pytest.mark.parametrize("seed", range(5))
def test_order_and_duplicates_never_matter(tmp_path: Path, facts: list[Fact], seed: int) -> None:
    """Shuffled, with a third of the lines twice or thrice: all four files are the same, byte by byte."""
    chance = random.Random(seed)
    other = [*facts, *(fact for fact in facts for _ in range(2) if chance.random() < 0.3)]
    chance.shuffle(other)
    assert written(tmp_path, other) == written(tmp_path, facts)


def test_reversed_and_sorted(tmp_path: Path, facts: list[Fact]) -> None:
    """From the last to the first, and by id."""
    plain = written(tmp_path, facts)
    assert written(tmp_path, list(reversed(facts))) == plain
    assert written(tmp_path, sorted(facts, key=lambda fact: fact.id)) == plain


def test_the_greatest_receivedat_wins(tmp_path: Path) -> None:
    """The same call told twice: what was received last is what it was, wherever it stands in the file."""
    first = call("c", "10:00", received="10:00:01")
    second = call("c", "10:00", received="10:00:30", talk_s=40)
    for order in ([first, second], [second, first], [second, first, second]):
        result = judged(tmp_path, order)
        assert (row(result, "11:00").done, row(result, "11:00", step="answered").done) == (1, 1)
    back = call("c", "10:00", received="10:00:40")
    assert row(judged(tmp_path, [back, second, first]), "11:00", step="answered").done == 0


def test_received_together_the_content_decides(tmp_path: Path) -> None:
    """Two tellings received at the same instant: always the same one wins, whatever the order."""
    tellings = [call("c", "10:00", received="10:00:01", talk_s=talk_s) for talk_s in (0, 40, 700)]
    outcomes = set()
    for turn in range(3):
        outcomes.add(written(tmp_path, tellings[turn:] + tellings[:turn])["slices.ndjson"])
    assert len(outcomes) == 1


def test_what_differs_outside_the_data_is_decided_too(tmp_path: Path) -> None:
    """Same data and receivedat, but another agent given or another time: the file's order still does not matter."""
    one = call("c", "10:00", "ivan", received="12:00")
    agent = call("c", "10:00", "maria", received="12:00")
    time = msgspec.structs.replace(one, time=one.time + timedelta(hours=1, minutes=30))
    for pair in ([one, agent], [one, time]):
        assert written(tmp_path, pair) == written(tmp_path, pair[::-1])


def test_a_telling_before_the_freeze_is_frozen_and_the_later_one_is_late(tmp_path: Path) -> None:
    """Unanswered at 11:00, corrected to answered at noon: the slice keeps what was known, and says late +1."""
    first = call("c", "10:00", received="10:00:01")
    second = call("c", "10:00", received="12:00", talk_s=40)
    result = judged(tmp_path, [second, first])
    frozen = row(result, "11:00", step="answered")
    assert (frozen.done, frozen.late) == (0, 1)
    assert row(result, "13:00", step="answered").done == 1


def test_a_revision_can_take_away(tmp_path: Path) -> None:
    """Given to Maria afterwards: Ivan's frozen slice says late −1, Maria's +1; later slices are right."""
    result = judged(
        tmp_path, [call("c", "10:00", "ivan", received="10:01"), call("c", "10:00", "maria", received="12:00")]
    )
    assert (row(result, "11:00").done, row(result, "11:00").late) == (1, -1)
    assert (row(result, "11:00", "maria").done, row(result, "11:00", "maria").late) == (0, 1)
    assert (row(result, "13:00").done, row(result, "13:00", "maria").done) == (0, 1)
