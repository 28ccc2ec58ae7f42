"""What people do about an alert, or ask to be silent about: rows of the table ``alert_acts``, append-only.

Whoever hears a person (the board, Slack, Telegram) inserts a row; the service alerts does it, in one transaction with the
message that says so, and writes there how it went. The id of a row is derived from what was pressed: pressed twice, or
sent again, it is the same row.
"""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from schemas.steps import AlertKind

AlertActKind = Literal[
    "acknowledge", "unacknowledge", "mute", "technical", "not_technical", "resolve", "silence", "unsilence"
]
Via = Literal["board", "slack", "telegram"]
ActProblem = Literal["no_alert", "over", "nobodys", "invalid", "no_silence", "no_people", "not_said"]
"""``over``: the alert ended before; ``nobodys``: nobody had taken it; ``no_people``: nobody's time could be meant;
``not_said``: nobody had called it technical."""
LONGEST_SILENCE_S: Final = 7 * 86_400


class Matcher(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a silence is about; what is None matches everything. At least one must be given."""

    kind: AlertKind | None = None
    team: str | None = None
    scope: str | None = None
    detector: str | None = None
    fingerprint: str | None = None

    def matches(self, **of: str | None) -> bool:
        return all(getattr(self, name) in (None, value) for name, value in of.items())

    @property
    def empty(self) -> bool:
        return not msgspec.to_builtins(self)


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """I take it: nobody is reminded any more, nobody above is told."""


class Unacknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody has it again."""


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """A silence for this alert and its like, for *for_s* seconds."""

    for_s: int = 3600
    reason: str = ""


class WasTechnical(msgspec.Struct, frozen=True, kw_only=True):
    """A person's verdict: the time is technical. ``since`` and ``until``: by default what the alert speaks of."""

    since: datetime | None = None
    until: datetime | None = None
    note: str = ""


class NotTechnical(msgspec.Struct, frozen=True, kw_only=True):
    """A person's verdict is taken back: what was said to be technical counts as working time again."""

    note: str = ""


class Resolve(msgspec.Struct, frozen=True, kw_only=True):
    """It is over, says a person, and why."""

    reason: str


class MakeSilence(msgspec.Struct, frozen=True, kw_only=True):
    match: Matcher
    until: datetime
    reason: str


class EndSilence(msgspec.Struct, frozen=True, kw_only=True):
    silence: str


AlertAct = Acknowledge | Unacknowledge | Mute | WasTechnical | NotTechnical | Resolve | MakeSilence | EndSilence
ALERT_ACTS: Final[dict[AlertActKind, type[AlertAct]]] = {
    "acknowledge": Acknowledge,
    "unacknowledge": Unacknowledge,
    "mute": Mute,
    "technical": WasTechnical,
    "not_technical": NotTechnical,
    "resolve": Resolve,
    "silence": MakeSilence,
    "unsilence": EndSilence,
}


def kind_of(act: AlertAct) -> str:
    return next(kind for kind, shape in ALERT_ACTS.items() if type(act) is shape)


def arguments_of(act: AlertAct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(act)
    return found


def alert_act(kind: str, arguments: Any) -> AlertAct:
    """Raises: KeyError, msgspec.ValidationError for what no version of ours wrote."""
    shape: type[AlertAct] = ALERT_ACTS[kind]  # type: ignore[index]
    return msgspec.convert(arguments, shape)
