"""What a check of the doctor says."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``mend`` says what to do; only a ``wrong`` one makes the doctor's exit code 1."""

    what: str
    state: State
    detail: str = ""
    mend: str = ""


def ok(what: str, detail: str = "") -> Finding:
    return Finding(what, "ok", detail)


def note(what: str, detail: str, mend: str = "") -> Finding:
    return Finding(what, "note", detail, mend)


def wrong(what: str, detail: str, mend: str) -> Finding:
    return Finding(what, "wrong", detail, mend)
