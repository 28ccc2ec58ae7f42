"""The close of one slice of the whole floor, step by step."""

from datetime import date as Date

from schemas.floor import Floor
from services.rules.closing.evidence import Closing, Evidence
from services.rules.closing.foretelling import foretold, foretold_month
from services.rules.closing.issues import issues
from services.rules.closing.issuing import new_tasks
from services.rules.closing.rows import dues, row
from services.rules.closing.verifying import coaching_cases, verified_tasks
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.judging import common_causes, judge
from services.rules.memory import Memory
from services.rules.trust import gate, with_some


def close(
    floor: Floor, date: Date, cut: CutOff, evidence: Evidence, memory: Memory, *, on_time: bool = True
) -> Closing:
    """Freeze one slice.

    Args:
        on_time: False when the next cut-off has passed already: rows and issues, but no tasks, verifications or cases.
    """
    view = FloorView(floor, date, evidence)
    doubts = gate(floor, evidence.trust)
    expected = dues(view, cut, doubts)
    judged = judge(expected, memory.deviating, floor.judgement)
    told = with_some(floor, doubts, evidence.trust)
    rows = [row(one, date, cut) for one in judged]
    teams = issues(floor, expected, common_causes(expected, floor.judgement), memory, doubts)
    ends = foretold(view, cut, expected)
    months = foretold_month(view, cut, evidence.books) if evidence.books is not None else []
    if not on_time:
        return Closing(rows, [], [], [], teams, told, ends, months)
    verified = verified_tasks(view, cut, judged, memory, doubts)
    cases = coaching_cases(view, cut, judged, verified, memory)
    opened = new_tasks(view, cut, judged, verified, memory)
    return Closing(rows, opened, verified, cases, teams, told, ends, months, list(memory.lifted))
