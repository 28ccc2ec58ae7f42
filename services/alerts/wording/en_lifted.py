"""English of tasks and cases that have lost their ground (docs/decisions/0043-what-has-lost-its-ground.md)."""

from typing import Final

TEXT: Final[dict[str, str]] = {
    "ground": "a technical fault became known after slice {slice} ({minutes}). With it, {step} {done} of {target}: "
    "there was no lag",
    "ground.bare": "what is known now was not known at slice {slice}, and with it the task would not have been given",
    "slice.task.ground": "{agent}: {wanted} by {due}, withdrawn: {why}",
    "result.ground": "withdrawn: {why}",
    "task.ground": "The task is withdrawn: {why}. It need not be done, and counts neither to the trainer nor as a repeat.",
    "slice.lifted": "No longer with the trainer",
    "slice.case.lifted": "{agent}, {step}: a fault became known later; with it nobody would have been sent to the trainer",
    "coaching.title.lifted": "Not to the trainer after all: {agent}, {step}",
    "coaching.lifted": "A fault became known later, and with it nobody would have been sent to the trainer. The case was closed "
    "at slice {at}; tasks that were not done in sound time go on counting.",
    "doubt.connected": "source {source} was connected only at {at}, nothing is known of the time before; verdicts "
    "begin the next day",
    "doubt.some_connected": "source {source} was connected only at {at}; verdicts on those whose work it alone shows begin the "
    "next day",
    "doubt.some_unheard": "nothing has come from source {source} yet; those whose work it alone shows are not judged",
}
