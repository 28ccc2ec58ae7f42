"""English words of the day report's lines about money, coaching and what is worth a look."""

from typing import Final

TEXT: Final[dict[str, str]] = {
    "report.worked": "Due for the time worked, without faults and coaching: {steps}",
    "report.risk": "The day's plan was missed by {total}: {causes}",
    "report.risk.technical": "faults {sum}",
    "report.risk.number_list": "bad numbers and lists {sum}",
    "report.risk.conversion": "a conversion is down {sum}",
    "report.risk.conversion_of": "a conversion is down ({step}) {sum}",
    "report.risk.volume": "too little done {sum}",
    "report.risk.unexplained": "the rest, without a clear cause {sum}",
    "report.stated": "{agent}, state “technical”: {since}–{until} ({span}). There was no alert about it.",
    "report.stated.open": "{agent}, state “technical”: since {since}, still going on. There was no alert about it.",
    "report.outcomes": "After work with the trainer",
    "report.outcome.grown": "{agent}, {step}: improved",
    "report.outcome.partly": "{agent}, {step}: partly improved",
    "report.outcome.not_grown": "{agent}, {step}: not improved",
    "report.outcome.stopped": "{agent}, {step}: stopped",
    "report.outcome.due": "{agent}, {step}: time to check",
    "report.look": "Worth a look",
    "report.look.line": "{names}. Their numbers stand out. No verdict: the report says which, and what may explain them.",
    "report.look.more": "{names} and {n} more",
}
