"""Every kind of alert carries its evidence (DOMAIN §9): numbers, window, p-value, calls to check by or why there are none, and
what it rules out; in its row, on the board's page and in its thread."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

import pytest

from schemas.rows import AlertRow
from schemas.tables import alerts
from services.alerts.announcing import DETAILED, payload_of
from services.alerts.findings.episode import Episode
from services.alerts.findings.windows import of_issue
from services.alerts.wording import FORMS, render
from services.board.storage.alerts import Alert
from services.board.view.saying import say
from services.board.words import words
from services.rules.day import working_day
from tests.services.alerts.payloads import SILENCE, TEAM
from tests.services.alerts.rows import at, close_row, dead_trunk, issue_row, tell
from tests.services.alerts.test_evaluation import Day, steady
from tests.services.rules.detectors import test_windows as windows

KINDS = frozenset(name for of in get_args(get_type_hints(Episode)["detector"]) for name in (get_args(of) or (of,)))
ABOUT = {"calls": ["pbx:7", "pbx:9"], "calls_of": "presentations"}
"""As the close names them (tests/services/rules/test_showing.py)."""


def lacking(evidence: dict[str, Any]) -> list[str]:
    """What of the evidence is missing."""
    numbers = [
        value
        for key, value in evidence.items()
        if key != "p_value" and isinstance(value, int | float) and not isinstance(value, bool)
    ] + [one for key in ("steps", "drops") for one in evidence.get(key, ())]
    window = [evidence.get(end) for end in ("window_from", "window_until")]
    whole = all(window) and datetime.fromisoformat(window[0]) < datetime.fromisoformat(window[1])
    p = evidence.get("p_value")
    found = {
        "numbers": bool(numbers),
        "window": whole,
        "p-value": isinstance(p, float) and 0 <= p <= 1,
        "calls": bool(evidence.get("calls") or evidence.get("last") or evidence.get("no_calls")),
        "what it rules out": isinstance(evidence.get("rules_out"), list),
    }
    return [name for name, there in found.items() if not there]


def in_words(payload: dict[str, Any]) -> str:
    details = render({**payload, "form": f"{payload['form']}_details"})
    return "\n".join(line for section in details.sections for line in section.lines)


def shown(row: AlertRow, detector: str) -> tuple[str, ...]:
    """What the board names to check by."""
    alert = Alert(row, detector, "firing", None, None, row.fired_at.date(), 1, ())
    return say(alert, windows.FLOOR, words("ru", windows.FLOOR.zone)).checks.names


async def stories(engine: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Detector → evidence and payload of an alert as it is stored."""
    day = Day(engine)
    below, dropped = issue_row(True, "11:00"), issue_row(False, "16:00", dropped=True)
    for one in (below, dropped):
        one["evidence"] |= ABOUT
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await day.look("10:04")
    await day.look("10:30")  # nothing came since 10:03
    await tell(engine, closes=[close_row("11:00")], issues=[below])
    await day.look("11:04")
    await tell(engine, closes=[close_row("13:00")], issues=[issue_row(False, "13:00")])
    await day.look("13:04")
    await tell(engine, closes=[close_row("16:00")], issues=[dropped])
    await day.look("16:04")
    return {row.detector: (row.evidence, row.payload) for row in await day.all(alerts)}


@pytest.mark.integration
async def test_what_is_stored_is_whole(engine: Any) -> None:
    """Lines, sources and teams: nothing is missing, and the thread and the board name the same calls."""
    found = await stories(engine)
    assert set(found) == KINDS - {one.detector for one in windows.STORIES} - {"crm_silence"}
    for detector, (evidence, payload) in found.items():
        assert lacking(evidence) == [], detector
        assert payload["form"] in DETAILED
        told = in_words(payload)
        row = AlertRow(alert="a", kind=payload["kind"], verdict=payload["verdict"], scope=payload["scope"],
                       fired_at=at("10:00"), evidence=evidence)  # fmt: skip
        names = shown(row, detector)
        assert names, detector
        assert all(name in told for name in names), detector


def test_what_windows_find_is_whole() -> None:
    """Each detector over windows likewise, from its story."""
    usual = windows.past()
    marks = [datetime(2026, 11, 23, 9, tzinfo=UTC) + timedelta(minutes=3 * n) for n in range(61)]
    issues = [
        one for story in windows.STORIES for one in windows.find(windows.day_of(2, windows.TODAY, story.bend), usual)
    ]
    issues += windows.find(windows.day_of(2, windows.TODAY), usual, "14:30", marks)
    assert {one.finding.detector for one in issues} == KINDS - {"line_failure", "source_silence", "team", "team_drop"}
    day = working_day(windows.FLOOR, windows.TODAY)
    for one in issues:
        episode = of_issue(one, windows.FLOOR, day, day.ends)
        assert lacking(episode.evidence) == [], episode.detector
        assert episode.form in DETAILED
        told = in_words(payload_of(windows.FLOOR, episode, "a", "firing", 1, None))
        row = AlertRow(alert="a", kind=episode.kind, verdict=episode.verdict, scope=episode.scope,
                       fired_at=episode.fired_at, evidence=episode.evidence)  # fmt: skip
        names = shown(row, episode.detector)
        assert names, episode.detector
        assert all(name in told for name in names), episode.detector


def test_the_chance_told_is_that_of_what_is_told() -> None:
    """Of late answers it is their own, never the "once in 1" of attempts that all rang; an alert of an earlier version, which
    did not write it down, says none."""
    (slow,) = [story for story in windows.STORIES if story.bend is windows.slow]
    (one,) = windows.find(windows.day_of(2, windows.TODAY, slow.bend), windows.past())
    day = working_day(windows.FLOOR, windows.TODAY)
    episode = of_issue(one, windows.FLOOR, day, day.ends)
    assert episode.evidence["p_value"] == 1.0
    assert episode.evidence["p_slow"] < 0.001
    payload = {**payload_of(windows.FLOOR, episode, "a", "firing", 1, None), "language": "ru"}
    said = "\n".join(line for section in render(payload).sections for line in section.lines).replace("\u202f", " ")
    assert "Случайно так бывает не чаще 1 раза из 1 000" in said
    assert "Вероятность такого при обычной работе: 1,0000" not in in_words(payload)
    assert "Вероятность такого при обычной работе" in in_words(payload)
    older = {**payload, "evidence": {key: value for key, value in episode.evidence.items() if key != "p_slow"}}
    assert "Случайно" not in "\n".join(line for section in render(older).sections for line in section.lines)
    assert "Вероятность" not in in_words(older)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [({"last": ["pbx:7"]}, "pbx:7"), ({"last": []}, "раньше источник ничего не присылал"), ({}, "не записано")],
)
def test_a_silence_says_what_came_last_or_why_not(evidence: dict[str, Any], said: str) -> None:
    """That a source never sent anything before is said only where it was looked for."""
    seen = {**SILENCE["evidence"], **evidence}
    assert said in in_words({**SILENCE, "evidence": seen})
    row = AlertRow(
        alert="a", kind="data", verdict="undetermined", scope="source:pbx", fired_at=at("10:00"), evidence=seen
    )
    told = say(
        Alert(row, "source_silence", "firing", None, None, row.fired_at.date(), 1, ()),
        windows.FLOOR,
        words("ru", windows.FLOOR.zone),
    )
    assert said in f"{told.checks.what} {told.checks.names}"


def test_every_form_has_its_details() -> None:
    """A form whose evidence stands in the thread can be put into words there."""
    assert {f"{form}_details" for form in DETAILED} <= set(FORMS)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({**ABOUT}, "длинные, но без презентации: pbx:7, pbx:9"),
        ({"calls": [], "deals": ["d1"], "calls_of": "invoices"}, "счёта нет, звонок неизвестен: d1"),
        ({"calls": [], "no_calls": "none_made"}, "команда не сделала ни одного"),
        ({}, "ни один за это время этого не показывает"),
    ],
)
def test_a_team_without_calls_says_why(evidence: dict[str, Any], said: str) -> None:
    """Calls that broke off there, deals, or why nothing can be named."""
    own = {"p_value": 0.006, "rules_out": [], **evidence}
    assert said in in_words({**TEAM, "evidence": own})
