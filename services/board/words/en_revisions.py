"""English of what would be judged differently now: technical time that became known after a slice."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "revision.mark": "in question",
    "revision.now": "corrected: {level}",
    "revision.target": "corrected: {done} of {target}",
    "revision.technical": (
        "As is known now, {n} minute before the slice was technical",
        "As is known now, {n} minutes before the slice were technical",
    ),
    "revision.withdrawn": "The fault was not confirmed: this time counts as working time again",
    "revision.others": "The time of colleagues has changed, and with it the comparison with them",
    "revision.states": "The agent's state arrived after the slice",
    "revision.whole": "{why}. Corrected {done} of {target}: {level}. The record of the slice stays as it is",
    "revision.rows": (
        "{n} verdict of this slice is in question: the fault became known later",
        "{n} verdicts of this slice are in question: the fault became known later",
    ),
    "revision.n": ("{n} verdict in question", "{n} verdicts in question"),
    "revision.task": (
        "The result is in question: {n} minute of this time was technical. It counts neither to the trainer nor as a repeat",
        "The result is in question: {n} minutes of this time were technical. It counts neither to the trainer nor as a repeat",
    ),
    "revision.given": "Given by a verdict that is in question now. {why}",
    "revision.case": "in question: technical time led to it",
    "revision.case.whole": (
        "In question. The fault became known later; with it nobody would have been sent to the trainer. "
        "The next slice lifts a case of today or of the last working day; of an older one the trainer and the head decide"
    ),
}
