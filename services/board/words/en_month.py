"""English of how the month was foretold."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "forecast.moved": "How the forecast of the month moved",
    "forecast.moved.hint": "The line is the end expected at the close of each day, the band a range that holds in 80 cases "
    "of 100, the dashes the plan",
    "forecast.moved.none": "The forecast of the month is kept in the evening, when the day's last slice is closed. "
    "None yet this month.",
    "forecast.moved.label": "{from_} expected on {first}, {to} expected on {last}, plan {plan}",
    "forecast.moved.label_bare": "{from_} expected on {first}, {to} expected on {last}",
    "forecast.moved.day": "Day",
    "forecast.moved.done": "Paid by then",
    "forecast.moved.table": "As a table",
    "forecast.months": "How forecasts of the month came out",
    "forecast.months.none": "No month whose forecasts were kept is over yet: there is nothing to hold them against. "
    "The first one will be known on {day}.",
    "forecast.months.month": "Month",
    "forecast.months.end": "Ended at",
    "forecast.months.plan": "Plan",
    "forecast.months.met": "{plan}, reached",
    "forecast.months.missed": "{plan}, not reached",
    "forecast.months.first": "First forecast",
    "forecast.months.middle": "By the middle",
    "forecast.months.late": "A week before the end",
    "forecast.months.days": "Days inside",
    "forecast.months.hit": "{median} ({low} – {high}): inside",
    "forecast.months.miss": "{median} ({low} – {high}): outside",
    "forecast.months.of": "{inside} of {days}",
    "forecast.months.hint": (
        "All forecasts of a month are checked by one and the same end, so months are counted and not days. "
        "{n} is over so far: too early to judge.",
        "All forecasts of a month are checked by one and the same end, so months are counted and not days. "
        "{n} are over so far: too early to judge.",
    ),
    "forecast.months.share": "Forecasts by the middle of the month held the end {hit} of {of}, that is {share} "
    "({low} – {high}); it should be about 80 %. All forecasts of a month are checked by one end, so months are counted.",
    "forecast.months.times": ("{n}", "{n}"),
    "month.name": "{month} {year}",
    "month.whole.1": "January",
    "month.whole.2": "February",
    "month.whole.3": "March",
    "month.whole.4": "April",
    "month.whole.5": "May",
    "month.whole.6": "June",
    "month.whole.7": "July",
    "month.whole.8": "August",
    "month.whole.9": "September",
    "month.whole.10": "October",
    "month.whole.11": "November",
    "month.whole.12": "December",
}
