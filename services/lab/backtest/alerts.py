"""Alerts of a back-test: outages and silences by day, and teams' common causes by episode."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from schemas.floor import Floor
from schemas.rows import AlertRow, alert_id
from schemas.steps import Verdict
from services.lab.backtest.day import Day
from services.lab.backtest.silent import Silent
from services.rules import attribution
from services.rules.closing import Closing
from services.rules.day import CutOff, WorkingDay
from services.rules.detectors.line_failure import evidence
from services.rules.sources import loads

FOREVER = datetime.max.replace(tzinfo=UTC)


def outages(floor: Floor, day: Day, silent: Silent) -> list[AlertRow]:
    """Line failures and silences that began on this day, with their ends."""
    return _failures(floor, day, silent) + _silences(floor, day, silent)


def _failures(floor: Floor, day: Day, silent: Silent) -> list[AlertRow]:
    found = day.technical(day.day.ends, FOREVER, silent.of(day.day, day.day.ends))
    rows = []
    for one in found.lines:
        rows.append(
            AlertRow(
                alert=alert_id("line_failure", f"line:{one.state.line}", one.finding.fired_at),
                kind="outage",
                verdict=one.attributed.verdict,
                scope=one.attributed.scope,
                fired_at=one.finding.fired_at,
                resolved_at=one.finding.resolved_at,
                evidence={
                    **evidence(one.state, one.finding),
                    "line": one.state.line,
                    "rules_out": list(one.attributed.rules_out),
                },
            )
        )
    return rows


def _silences(floor: Floor, day: Day, silent: Silent) -> list[AlertRow]:
    rows = []
    expected = loads(floor, day.day)
    for silence in silent.turn(day.day):
        attributed = attribution.of_silence(floor, day.day, silence)
        rows.append(
            AlertRow(
                alert=alert_id("source_silence", f"source:{silence.source}", silence.fired_at),
                kind=attribution.kind_of(attributed.verdict),
                verdict=attributed.verdict,
                scope=attributed.scope,
                fired_at=silence.fired_at,
                resolved_at=silence.resolved_at,
                evidence={
                    "since": silence.since.astimezone(floor.zone).isoformat(),
                    "expected": round(expected[silence.source].expected(silence.since, silence.fired_at), 6),
                    "expect_every_s": floor.source_by_id[silence.source].expect_every_s,
                    "source": silence.source,
                },
            )
        )
    return rows


def in_local_time(row: AlertRow, floor: Floor) -> AlertRow:
    """As alerts are written: with the floor's offset."""
    resolved = row.resolved_at.astimezone(floor.zone) if row.resolved_at else None
    return msgspec.structs.replace(row, fired_at=row.fired_at.astimezone(floor.zone), resolved_at=resolved)


def efficiency(closings: Sequence[tuple[CutOff, Closing]], day: WorkingDay) -> list[AlertRow]:
    """One alert per team and episode of a common cause, or of a drop; what still fires ends with the day."""
    return _episodes("team", "offer_or_crm", closings, day) + _episodes("team_drop", "undetermined", closings, day)


def _episodes(
    detector: str, verdict: Verdict, closings: Sequence[tuple[CutOff, Closing]], day: WorkingDay
) -> list[AlertRow]:
    rows: list[AlertRow] = []
    open_: dict[str, AlertRow] = {}
    for cut, closing in closings:
        for issue in closing.issues:
            holds = issue.firing if detector == "team" else issue.dropped
            if holds and issue.team not in open_:
                seen = issue.evidence if detector == "team" else {"drops": issue.evidence["drops"]}
                open_[issue.team] = AlertRow(
                    alert=alert_id(detector, f"team:{issue.team}", cut.at),
                    kind="efficiency",
                    verdict=verdict,
                    scope=f"team:{issue.team}",
                    fired_at=cut.at,
                    evidence={**seen, "slice": cut.name},
                )
            elif not holds and issue.team in open_:
                rows.append(msgspec.structs.replace(open_.pop(issue.team), resolved_at=cut.at))
    return rows + [msgspec.structs.replace(row, resolved_at=day.over) for row in open_.values()]
