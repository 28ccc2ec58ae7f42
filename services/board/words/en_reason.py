"""English of the reasons behind levels."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "level.why": "{done} of {target} due at the slice; {sure} sure it is below {below} of the norm",
    "level.why_little": "Too little data: too early to judge",
    "level.why_untrusted": "The slice's data are incomplete: not judged",
    "reason.ok": "{done} of {target} due at the slice; {sure} likely to be below {below} of the norm",
    "reason.untrusted": "The slice's data are incomplete, not judged: {why}",
    "reason.no_norm": "No norm for this step: nothing to compare with",
    "reason.nothing_due": "Nothing was due at the slice yet: no working minutes",
    "reason.little": "Too little data, too early to judge: {target} due at the slice, we judge from {least}",
    "reason.hard": "Far behind: at least {sure} sure it is below {below} of {against}",
    "reason.norm": "the norm",
    "reason.own_team": "the own team's pace",
    "reason.watch": "It was behind earlier today and has not come back to the norm yet",
    "reason.team": "The whole team is below the norm, so people are compared with it: behind the team as well",
    "reason.team_ok": "The whole team is below the norm, so people are compared with it: not behind the team",
    "reason.standing.ok": "On no step are we sure of a lag",
    "reason.standing.technical": "A fault goes on: its time is taken out of the norm and not judged",
    "reason.standing.none": "The first slice is not closed yet",
    "reason.at": "Why so at slice {slice}",
    "reason.levels": "“Behind”: at least {soft} sure ({many} where several steps are judged at once) that the pace is below "
    "{below} of the norm. “Far behind”: at least {hard} sure that it is below {hard_below}. “Watching”: it was behind "
    "earlier today and has not reached the norm yet. “As the team”: the whole team is below the norm, the person is not "
    "behind the team.",
    "why.numbers_team": "{done} of {target} due at the slice; {sure} sure it is below {below} of the own team's pace",
    "look.drop_today.short": "pace fell today: {done} of {due} in the slice",
    "look.drop_of_days.short": "below their usual: {done} of {due} in the slice",
    "look.beside": "The pace is well below their own before. It is no verdict:",
}
