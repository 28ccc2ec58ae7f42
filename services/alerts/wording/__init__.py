"""Words: a payload (what a message is made of, as kept in the outbox) becomes Content in the floor's language."""

from collections.abc import Callable, Mapping
from datetime import date as Date
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.floor import Floor
from services.alerts.wording import alert, details, handling, tasks, team
from services.alerts.wording import report as reports
from services.alerts.wording import slice as slices
from services.alerts.wording.content import Content
from services.alerts.wording.language import Language
from services.alerts.wording.window import window
from services.rules.day import date_of

FORMS: Final[Mapping[str, Callable[[Mapping[str, Any], Language], Content]]] = {
    "line": alert.line,
    "line_details": alert.line_details,
    "silence": alert.silence,
    "team": team.team,
    "team_details": details.team_details,
    "team_drop": team.team_drop,
    "team_drop_details": details.team_details,
    "silence_details": details.silence_details,
    "window": window,
    "window_details": details.window_details,
    "slice": slices.slice_,
    "task": tasks.task,
    "coaching": slices.coaching,
    "report": reports.report,
}


def language(payload: Mapping[str, Any]) -> Language:
    return Language(payload["language"], ZoneInfo(payload["timezone"]), Date.fromisoformat(payload["date"]))


def of_floor(floor: Floor, now: datetime) -> Language:
    """For what is said at *now* and belongs to no message."""
    return Language(floor.language, floor.zone, date_of(now, floor.zone))


def render(payload: Mapping[str, Any]) -> Content:
    """Raises: KeyError, TypeError, ValueError when the payload lacks what its form needs."""
    words = language(payload)
    if payload["form"] == "reminder":
        return handling.reminder(payload, words, FORMS[payload["of"]](payload, words))
    return FORMS[payload["form"]](payload, words)


def possible_duplicate(payload: Mapping[str, Any]) -> str:
    return language(payload).say("duplicate")
