"""What an act makes of an alert's state."""

from dataclasses import dataclass

from schemas.alert_acts import (
    Acknowledge,
    ActProblem,
    AlertAct,
    Mute,
    NotTechnical,
    Resolve,
    Unacknowledge,
    WasTechnical,
)
from services.rules.alerting.model import OPEN


@dataclass(frozen=True, slots=True)
class After:
    """State and owner after the act; ``changed``: False when it stood so before."""

    state: str
    owner: str | None
    changed: bool = True


def after(state: str, owner: str | None, act: AlertAct, by: str, before: str | None = None) -> After | ActProblem:
    """What *act* of *by* makes of it. A verdict of technical trouble, and taking it back, may also come after the end;
    nothing else may.

    Args:
        before: the state in which a person called it technical; None when nobody did, or it was taken back.
    """
    if isinstance(act, WasTechnical):
        corrected = act.since is not None or act.until is not None
        return After("invalidated", by, state != "invalidated" or before is None or corrected)
    if isinstance(act, NotTechnical):
        if state != "invalidated" or before is None:
            return "not_said"
        return After("acknowledged" if before in OPEN else before, by)
    if state not in OPEN:
        return "over"
    if isinstance(act, Acknowledge):
        return After("acknowledged", by, (state, owner) != ("acknowledged", by))
    if isinstance(act, Unacknowledge):
        return After("firing", None) if state == "acknowledged" else "nobodys"
    if isinstance(act, Resolve):
        return After("resolved", by) if act.reason.strip() else "invalid"
    return After(state, owner) if isinstance(act, Mute) else "invalid"
