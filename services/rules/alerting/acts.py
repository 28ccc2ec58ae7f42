"""What an act makes of an alert's state."""

from dataclasses import dataclass

from schemas.alert_acts import Acknowledge, ActProblem, AlertAct, Mute, Resolve, Unacknowledge, WasTechnical
from services.rules.alerting.model import OPEN


@dataclass(frozen=True, slots=True)
class After:
    """State and owner after the act; ``changed``: False when it stood so before."""

    state: str
    owner: str | None
    changed: bool = True


def after(state: str, owner: str | None, act: AlertAct, by: str) -> After | ActProblem:
    """What *act* of *by* makes of it. A verdict of technical trouble may also come after the end; nothing else may."""
    if isinstance(act, WasTechnical):
        return After("invalidated", by, state != "invalidated")
    if state not in OPEN:
        return "over"
    if isinstance(act, Acknowledge):
        return After("acknowledged", by, (state, owner) != ("acknowledged", by))
    if isinstance(act, Unacknowledge):
        return After("firing", None) if state == "acknowledged" else "nobodys"
    if isinstance(act, Resolve):
        return After("resolved", by) if act.reason.strip() else "invalid"
    return After(state, owner) if isinstance(act, Mute) else "invalid"
