"""English of tasks and cases that have lost their ground (docs/decisions/0043-what-has-lost-its-ground.md)."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "task.result.ground": "withdrawn: there was no lag",
    "verdict.ground": tuple(
        f"Withdrawn: a fault became known after slice {{slice}}, {minutes}. With it {{step}} {{done}} of {{target}}: the "
        "task would not have been given"
        for minutes in ("{n} minute", "{n} minutes")
    ),
    "verdict.ground.bare": "Withdrawn: what was not known at slice {slice} is known now; with it the task would not have "
    "been given",
    "revision.given.open": "If it stays so, the next slice withdraws it",
    "case.lifted": "withdrawn: a fault became known later",
    "case.lifted.whole": (
        "Withdrawn at slice {time}. The fault became known later, and with it nobody would have been sent to the trainer. "
        "Tasks that were not done in sound time go on counting"
    ),
    "trust.connected": "source {source} was connected only at {time}, nothing is known of the time before; these steps "
    "are judged from the next day on",
    "trust.some_connected": "source {source} was connected only at {time}; those whose work it alone shows are judged from the "
    "next day on, the others as usual",
    "trust.some_unheard": "nothing has come from source {source} yet; those whose work it alone shows are not judged, the "
    "others as usual",
}
