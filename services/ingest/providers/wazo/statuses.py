"""Wazo's ``call_status`` into our dispositions. Source: CDRSchema of wazo-call-logd; meanings of ``blocked`` doubtful."""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "answered": "answered",
    "voicemail": "voicemail",  # the PBX's own voicemail took the call: no agent talked
    "blocked": "rejected",  # doubtful: a caller the called user blocks
}
"""Status → disposition; ``unknown``, none and any other word leave it to ``answered`` and ``answer``."""


def disposition(status: str | None, answered: bool) -> Disposition:
    found = STATUSES.get((status or "").lower())
    if found in ("voicemail", "rejected"):
        return found
    return "answered" if answered else "no_answer"
