"""A day's lines and late facts, folded on from close to close: as if each close had counted everything anew."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.facts import Fact
from schemas.facts import encode as encoded
from services.lab.backtest.day import Day
from services.lab.backtest.read import Version, read
from services.lab.backtest.silent import Silent
from services.lab.backtest.sorting import known_by
from services.rules.causes import is_network_failure
from services.rules.day import working_day
from services.rules.detectors.line_failure import Attempt
from services.rules.detectors.source_silence import Silence, evidence
from services.rules.sources import loads
from services.rules.technical import fold_lines
from tests.services.lab.backtest.telling import FLOOR, MONDAY, at, call, judged, presentation, row

DAY = working_day(FLOOR, MONDAY)
Told = tuple[int, int, bool, int, int]
"""(minute after ten, whose of three, whether it failed, minutes late, minutes until it is corrected; 0: never)."""
TOLD = st.tuples(
    st.integers(0, 100),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from((0, 0, 20, 90, 170)),
    st.sampled_from((0, 0, 10, 60)),
)


def facts_of(told: Sequence[Told]) -> list[Fact]:
    found = []
    for n, (minute, who, failed, late, corrected) in enumerate(told):
        ended = at("10:00") + timedelta(minutes=minute, seconds=n % 60)
        more = {"disposition": "congestion", "q850": 34} if failed else {}
        one = call(f"c{n}", ended.time().isoformat(), ("ivan", "maria", "petr")[who], **more)
        received = ended + timedelta(minutes=late)
        found.append(msgspec.structs.replace(one, received_at=received))
        if corrected:
            better = call(f"c{n}", ended.time().isoformat(), ("ivan", "maria", "petr")[who], talk_s=40)
            found.append(msgspec.structs.replace(better, received_at=received + timedelta(minutes=corrected)))
    return found


def versions_of(facts: Sequence[Fact]) -> list[Version]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "facts.ndjson"
        file.write_bytes(b"".join(encoded(fact) + b"\n" for fact in facts))
        return read(file, FLOOR)


@settings(max_examples=60, deadline=None)
@given(st.lists(TOLD, min_size=20, max_size=60))
def test_lines_folded_on_are_lines_folded_anew(told: list[Told]) -> None:
    """Late calls and corrections that come between two closes change the next one only, and as a whole fold would."""
    versions = versions_of(facts_of(told))
    day = Day(FLOOR, DAY, versions)
    for cut in (*DAY.cut_offs, *DAY.cut_offs[:2]):
        by = known_by(cut, FLOOR)
        attempts: dict[str, list[Attempt]] = {}
        for one in versions:
            if one.known(by) and one.at <= cut.at:
                failed = is_network_failure(one.data.disposition, None, one.data.q850, FLOOR.outages.causes)
                code = f"Q.850 {one.data.q850}" if one.data.q850 else ""
                attempt = Attempt(
                    one.at, one.agent, one.data.customer, failed, code, one.data.call_id, one.data.disposition
                )
                attempts.setdefault(one.line, []).append(attempt)
        wanted = [one for state in fold_lines(attempts, {}, FLOOR, DAY, cut.at).values() for one in state.findings]
        assert [one.finding for one in day.technical(cut.at, by, ()).lines] == wanted


@settings(max_examples=60, deadline=None)
@given(st.lists(TOLD, max_size=40))
def test_done_and_late_make_what_is_known_at_last(told: list[Told]) -> None:
    """Of every slice: what it counted and what came, or went, after it is what the whole day says of that time."""
    versions = versions_of(facts_of(told))
    day = Day(FLOOR, DAY, versions)
    for position, cut in enumerate(DAY.cut_offs):
        by = known_by(cut, FLOOR)
        for agent in ("ivan", "maria", "petr"):
            for step, counts in (("calls", True), ("answered", False)):
                own = [one for one in versions if one.agent == agent and (counts or one.data.disposition == "answered")]
                at_close = sum(one.known(by) for one in own if one.at <= cut.at)
                at_last = sum(one.replaced is None for one in own if one.at <= cut.at)
                done = day.done(position).get(agent, {}).get(step, 0)  # type: ignore[call-overload]
                late = day.late(position).get(agent, {}).get(step, 0)  # type: ignore[call-overload]
                assert (done, done + late) == (at_close, at_last)


def test_late_stands_on_the_slices_it_was_missed_by(tmp_path: Path) -> None:
    """A call of 10:30 that arrives at 14:00 is late for 11:00 and 13:00, and counted at 16:00."""
    result = judged(tmp_path, [call("c1", "10:00"), call("c2", "10:30", received="14:00")])
    assert [(row(result, name).done, row(result, name).late) for name in ("11:00", "13:00", "16:00", "18:00")] == [
        (1, 1),
        (1, 1),
        (2, 0),
        (2, 0),
    ]


def test_a_silent_source_names_what_came_last() -> None:
    """By arrival, the newest first, as known when it was found; a CRM's marks are no calls."""
    facts = [
        call("c1", "10:00"),
        call("c2", "10:01", received="10:05"),
        call("c3", "10:02"),
        call("c4", "10:03"),
        call("c5", "10:30"),
        presentation("d1", "09:50", "ivan"),
    ]
    silent = Silent(FLOOR, versions_of(facts))
    one = Silence("mango", at("10:05"), at("10:20"), 10.0)
    assert silent.last_before(one) == ["mango:c2", "mango:c4", "mango:c3"]
    assert silent.last_before(Silence("crm", at("09:55"), at("10:20"), 10.0)) == ["crm:d1"]
    loaded = loads(FLOOR, DAY)
    assert evidence(one, loaded["mango"], FLOOR, (), ["mango:c2"])["calls"] == ["mango:c2"]
    seen = evidence(Silence("crm", at("09:55"), at("10:20"), 10.0), loaded["mango"], FLOOR, (), ["crm:d1"])
    assert (seen["calls"], seen["last"]) == ([], ["crm:d1"])
