"""English of the page of norms."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "nav.norms": "Norms",
    "norms.title": "Norms",
    "norms.lead": "What a full shift should bring, for whom, and where the numbers come from. People change norms: "
    "a review only proposes them.",
    "norms.next": "Today goes on by these norms. From midnight those of version {version} hold: "
    "what changed in them is said below.",
    "norms.table": "Day norms",
    "norms.step": "Step",
    "norms.per_day": "Day norm",
    "norms.reference": "Reference",
    "norms.reference.hint": "What the best do in a full shift; nobody is judged by it",
    "norms.source": "Source",
    "norms.precedence": "Where several norms fit a person the nearest holds: their own, the role's, the team's, the floor's; "
    "a weekday's norm goes before the general one.",
    "norms.none": "The floor file has no norms",
    "norms.whom.agent": "Personal: {name}",
    "norms.whom.role": "Role {name}",
    "norms.whom.team": "Team {name}",
    "norms.whom.floor": "The whole floor",
    "norms.source.hand": "set by hand",
    "norms.source.changed": "changed by hand: the review of {day} gave {norm}",
    "norms.source.review": ("from the work of {n} person over {days}", "from the work of {n} people over {days}"),
    "norms.days": ("{n} day", "{n} days"),
    "norms.window": "{since} – {until}",
    "norms.holds": "since {day}",
    "norms.reference_apart": "reference: {said}",
    "norms.absent": "none",
    "norms.link": "Where norms come from",
    "norms.curves": "When results come",
    "norms.curves.hint": "Pace of a half hour against the day's mean: above the line more comes than on average. What is due "
    "by each hour grows at this pace.",
    "norms.curves.none": "No course of the day is given: every hour owes the same",
    "norms.curve.peak": "most at {time}: ×{weight}",
    "norms.weight": "Pace against the mean",
    "norms.learned": "What is known of the teams' people",
    "norms.learned.hint": "Learned from past days. How much data a sure verdict needs depends on it.",
    "norms.learned.what": "What was learned",
    "norms.learned.said": "on average they do {mean} of the norm; people usually differ by {spread}; one person's days scatter "
    "{times} times as much as chance alone",
    "norms.versions": "When norms changed",
    "norms.version": "Version",
    "norms.applied": "Applied",
    "norms.changed": "What changed",
    "norms.first": "the first floor file",
}
