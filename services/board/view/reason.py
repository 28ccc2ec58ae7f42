"""Why a level is what it is, in words that need no explaining. Derived from frozen rows; decides nothing."""

import math
from collections.abc import Sequence
from typing import Any

from schemas.floor import Floor
from schemas.rows import SliceRow
from services.board.standing import Standing
from services.board.today import Today
from services.board.view import saying
from services.board.words import Words


def reason(row: SliceRow, floor: Floor, w: Words, *, doubts: Sequence[Any] = (), team_below: bool = False) -> str:
    """One sentence or two about one agent × step at a slice.

    Args:
        doubts: of the trust gate for this step at that slice.
        team_below: the whole team was below the norm on this step, so people were judged against their team.
    """
    if not row.trusted:
        named = "; ".join(saying.doubt(one, w) for one in doubts)
        return w("reason.untrusted", why=named) if named else w("level.why_untrusted")
    if row.target is None:
        return w("reason.no_norm")
    if row.level == "not_enough_data" or row.p_below is None:
        return _little(row.target, floor, w)
    return ". ".join([_numbers(row, floor, w), *_more(row, floor, w, team_below=team_below)])


def _numbers(row: SliceRow, floor: Floor, w: Words) -> str:
    key = "reason.ok" if row.level == "ok" else "level.why"
    return w(
        key,
        done=w.num(row.done),
        target=w.due(row.target or 0.0),
        sure=w.sure(row.p_below or 0.0),
        below=w.num(floor.judgement.soft.below, 1),
    )


def _more(row: SliceRow, floor: Floor, w: Words, *, team_below: bool) -> list[str]:
    by = floor.judgement
    against = w("reason.own_team" if team_below else "reason.norm")
    found = []
    if team_below:
        found.append(w("reason.team_ok" if row.level == "ok" else "reason.team"))
    if row.level == "hard":
        found.append(w("reason.hard", sure=w.sure(by.hard.probability), below=w.num(by.hard.below, 1), against=against))
    if row.level == "watch":
        found.append(w("reason.watch"))
    return found


def _little(target: float, floor: Floor, w: Words) -> str:
    least = floor.judgement.min_expected
    if target <= 0:
        return w("reason.nothing_due")
    # Cut, not rounded: 2.97 must not read "3.0, and we judge from 3".
    shown = math.floor(target * 10) / 10
    return w("reason.little", target=w.due(shown), least=w.num(least, 0 if least == int(least) else 1))


def of_standing(found: Standing, today: Today, agent: str, w: Words) -> str:
    """Why an agent's level of the last slice is what it is; with the step it is about."""
    if found.level in ("technical", "none", "ok"):
        return w(f"reason.standing.{found.level}")
    row = found.row or _telling(today, agent)
    if row is None:
        return w("level.why_little")
    return f"{w('step.' + row.step)}: {_of_today(row, today, w)}"


def _telling(today: Today, agent: str) -> SliceRow | None:
    """Of an agent who cannot be judged: the step that comes nearest to it."""
    rows = [row for (of, _), row in today.rows.items() if of == agent]
    return max(rows, key=lambda row: -1.0 if row.target is None else row.target, default=None)


def _of_today(row: SliceRow, today: Today, w: Words) -> str:
    last = today.last_close
    doubts = last.reasons(row.team).get(row.step, ()) if last else ()
    return reason(row, today.floor, w, doubts=doubts, team_below=(row.team, row.step) in today.team_below)
