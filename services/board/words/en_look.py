"""English of the page "Worth a look"."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "nav.look": "Worth a look",
    "look.title": "Worth a look",
    "look.lead": "No verdicts and no tasks: numbers that stand out. Each may have a simple explanation, "
    "so look and ask first.",
    "look.none": "Nothing stands out.",
    "look.caption": "What stands out, by person",
    "look.agent": "Agent",
    "look.what": "What stands out",
    "look.numbers": "By which numbers",
    "look.why": "What may explain it",
    "look.drift": "{step}: the pace has been falling for days",
    "look.drift.seen": "{done} of {due} since {since}",
    "look.maybe.drift": "A new list, other duties, fatigue, illness. A good reason to talk before it becomes a lag.",
    "look.drop_today": "{step}: the pace fell against earlier today",
    "look.drop_today.seen": "{done} of {due} in slice {slice}, {before} of {before_due} before it; "
    "{sure} sure that the pace is below {below} of what it was",
    "look.drop_of_days": "{step}: the pace is lower than usual in this slice",
    "look.drop_of_days.seen": "{done} of {due} in slice {slice}, {before} of {before_due} in it on past days; "
    "{sure} sure that the pace is below {below} of the usual",
    "look.maybe.drop": "A meeting, a difficult customer, the line, a poor list at these hours.",
    "look.pile": "Many talks just above the limit of a long call",
    "look.pile.seen": (
        "{n} talk of {limit} to {until} in {window} days; by the durations around about {usual} would be usual",
        "{n} talks of {limit} to {until} in {window} days; by the durations around about {usual} would be usual",
    ),
    "look.maybe.pile": "A script that takes just so long, or a limit of duration in the PBX.",
    "look.same_number": "Many calls to one and the same number",
    "look.same_number.seen": ("{n} call to one number in a day", "{n} calls to one number in a day"),
    "look.maybe.same_number": "A customer who asked to be called back, broken lines, a company's switchboard, a dialler.",
    "look.quick": "Many very short talks",
    "look.quick.seen": (
        "{n} talk of {of} shorter than {quick} s, {share}",
        "{n} talks of {of} shorter than {quick} s, {share}",
    ),
    "look.maybe.quick": "Answering machines that the PBX takes for people, a poor list, one-way audio, a labelled number.",
    "look.unheard": "Presentations marked without a talk before them",
    "look.unheard.seen": (
        "{n} presentation of {of} without a talk in the {hours} h before the mark",
        "{n} presentations of {of} without a talk in the {hours} h before the mark",
    ),
    "look.maybe.unheard": "Video meetings, messengers, a personal phone: the PBX does not see them. A day's marks made at once.",
    "look.late_marks": "Marks are made long after the call",
    "look.late_marks.seen": (
        "{n} mark of {of} more than {late} h after its call",
        "{n} marks of {of} more than {late} h after their calls",
    ),
    "look.maybe.late_marks": "A habit of filling in the CRM in the evening. The slice does not see them then: better at once.",
    "look.unpaid": "Invoices are paid much less often than colleagues'",
    "look.unpaid.seen": (
        "{n} invoice of {of} older than {days} days is not paid; of colleagues' it would be about {usual}",
        "{n} invoices of {of} older than {days} days are not paid; of colleagues' it would be about {usual}",
    ),
    "look.maybe.unpaid": "Large customers who pay late, another product, invoices that customers asked for just in case.",
    "look.more": "Worth a look: {what}",
}
