"""Russian words of the day report's lines about money, coaching and what is worth a look."""

from typing import Final

TEXT: Final[dict[str, str]] = {
    "report.worked": "Должно быть за отработанное время, без сбоев и занятий: {steps}",
    "report.risk": "До плана дня не хватило {total}: {causes}",
    "report.risk.technical": "сбои {sum}",
    "report.risk.number_list": "плохие номера и списки {sum}",
    "report.risk.conversion": "просела конверсия {sum}",
    "report.risk.conversion_of": "просела конверсия ({step}) {sum}",
    "report.risk.volume": "мало сделано {sum}",
    "report.risk.unexplained": "прочее, без ясной причины {sum}",
    "report.stated": "{agent}, состояние «сбой»: {since}–{until} ({span}). Сигнала об этом не было.",
    "report.stated.open": "{agent}, состояние «сбой»: с {since}, ещё идёт. Сигнала об этом не было.",
    "report.outcomes": "После работы с тренером",
    "report.outcome.grown": "{agent}, {step}: есть рост",
    "report.outcome.partly": "{agent}, {step}: рост отчасти",
    "report.outcome.not_grown": "{agent}, {step}: роста нет",
    "report.outcome.stopped": "{agent}, {step}: работа прекращена",
    "report.outcome.due": "{agent}, {step}: пора проверить",
    "report.look": "Стоит посмотреть",
    "report.look.line": "{names}. Числа выделяются, но это не оценка: какие и чем объясняются, сказано в отчёте.",
    "report.look.more": "{names} и ещё {n}",
}
