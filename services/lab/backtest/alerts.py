"""Alerts of a back-test: outages and silences by day, and teams' common causes by episode."""

from collections.abc import Sequence

import msgspec

from schemas.floor import Floor
from schemas.rows import AlertRow, alert_id
from services.lab.backtest.day import FOREVER, Day
from services.lab.backtest.silent import Silent
from services.rules import attribution
from services.rules.closing import Closing
from services.rules.closing.issues import evidence_of
from services.rules.day import CutOff, WorkingDay
from services.rules.detectors import source_silence
from services.rules.detectors.line_failure import evidence
from services.rules.detectors.source_silence import Silence
from services.rules.floor_wide import told_lines
from services.rules.outages import Issue, spans_of
from services.rules.sources import Feeders
from services.rules.technical import Technical, cut_off, unexplained
from services.rules.telling import ORDER, Cause, causes, claim, told


def outages(floor: Floor, day: Day, silent: Silent, closings: Sequence[tuple[CutOff, Closing]] = ()) -> list[AlertRow]:
    """Alerts that began on this day, with their ends: failures, silences, findings over windows and teams' issues."""
    quiet = silent.of(day.day, day.day.ends)
    found, issues = day.at_last(quiet)
    drops = [one for one in issues if one.finding.detector in ORDER]
    rows = (
        _failures(found)
        + [_window(one) for one in issues if one not in drops]
        + _silences(floor, day, silent, quiet, issues)
    )
    seen = [(one.finding.detector, _window(one)) for one in drops]
    by = [why for one in issues for why in causes(one.finding.detector, one.finding.fired_at, one.finding.evidence)]
    return rows + one_told(floor, day.day, [*seen, *efficiency(closings, day.day)], by)


def one_told(
    floor: Floor, day: WorkingDay, rows: Sequence[tuple[str, AlertRow]], by: Sequence[Cause] = ()
) -> list[AlertRow]:
    """(detector, row) of drops, without those that another tells; one that another takes over ends there."""
    about = [
        (row, claim(day, detector, row.scope, row.fired_at, row.resolved_at, row.evidence)) for detector, row in rows
    ]
    stand = told(floor, [one for _, one in about], by)
    return [
        msgspec.structs.replace(row, resolved_at=stand[one] or row.resolved_at) for row, one in about if one in stand
    ]


def _window(one: Issue) -> AlertRow:
    return AlertRow(
        alert=alert_id(one.finding.detector, one.subject, one.finding.fired_at),
        kind=one.kind,
        verdict=one.attributed.verdict,
        scope=one.attributed.scope,
        fired_at=one.finding.fired_at,
        resolved_at=one.finding.resolved_at,
        evidence=one.finding.evidence,
    )


def _failures(found: Technical) -> list[AlertRow]:
    rows = []
    for line in told_lines(found.lines):
        one = line.one
        rows.append(
            AlertRow(
                alert=alert_id("line_failure", f"line:{one.state.line}", one.finding.fired_at),
                kind="outage",
                verdict=one.attributed.verdict,
                scope=one.attributed.scope,
                fired_at=one.finding.fired_at,
                resolved_at=line.resolved_at,
                evidence={
                    **evidence(one.state, one.finding),
                    **line.until,
                    "line": one.state.line,
                    "lines": sorted({each.state.line for each in line.all}),
                    "rules_out": list(one.attributed.rules_out),
                },
            )
        )
    return rows


def _silences(floor: Floor, day: Day, silent: Silent, others: list[Silence], issues: Sequence[Issue]) -> list[AlertRow]:
    rows, ends = [], day.day.ends
    began = silent.turn(day.day)
    if not began:
        return []
    lines = day.technical(ends, FOREVER, ()).spans
    cut = cut_off(floor, day.day, others, day.calls(ends, FOREVER), ends)
    calls = Feeders(floor).call_sources()
    for story in source_silence.stories(began, calls, FOREVER, floor.outages.source_silence):
        found = story.told
        seen = spans_of([one for one in issues if one.finding.fired_at <= found.fired_at], ends)
        silence = unexplained([lines, seen, cut], found, silent.load_of(day.day, found.source), floor, ends)
        if silence is None:
            continue
        attributed = attribution.of_silence(floor, day.day, silence, others)
        rows.append(
            AlertRow(
                alert=alert_id("source_silence", f"source:{silence.source}", silence.fired_at),
                kind=attribution.kind_of(attributed.verdict),
                verdict=attributed.verdict,
                scope=attributed.scope,
                fired_at=silence.fired_at,
                resolved_at=silence.resolved_at,
                evidence=source_silence.evidence(
                    silence,
                    silent.load_of(day.day, silence.source),
                    floor,
                    attributed.rules_out,
                    silent.last_before(silence),
                ),
            )
        )
    return rows


def in_local_time(row: AlertRow, floor: Floor) -> AlertRow:
    """As alerts are written: with the floor's offset."""
    resolved = row.resolved_at.astimezone(floor.zone) if row.resolved_at else None
    return msgspec.structs.replace(row, fired_at=row.fired_at.astimezone(floor.zone), resolved_at=resolved)


def efficiency(closings: Sequence[tuple[CutOff, Closing]], day: WorkingDay) -> list[tuple[str, AlertRow]]:
    """(detector, row) per team and episode of a common cause, or of a drop; what still fires ends with the day."""
    kinds = ("team", "team_drop")
    return [(detector, row) for detector in kinds for row in _episodes(detector, closings, day)]


def _episodes(detector: str, closings: Sequence[tuple[CutOff, Closing]], day: WorkingDay) -> list[AlertRow]:
    rows: list[AlertRow] = []
    open_: dict[str, AlertRow] = {}
    for cut, closing in closings:
        for issue in closing.issues:
            holds = issue.firing if detector == "team" else issue.dropped
            if holds and issue.team not in open_:
                found, seen = evidence_of(detector, issue.team, issue.evidence, day, (cut.name, cut.at))
                open_[issue.team] = AlertRow(
                    alert=alert_id(detector, f"team:{issue.team}", cut.at),
                    kind="efficiency",
                    verdict=found.verdict,
                    scope=found.scope,
                    fired_at=cut.at,
                    evidence=seen,
                )
            elif not holds and issue.team in open_:
                rows.append(msgspec.structs.replace(open_.pop(issue.team), resolved_at=cut.at))
    return rows + [msgspec.structs.replace(row, resolved_at=day.over) for row in open_.values()]
