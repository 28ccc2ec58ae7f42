"""Russian of how the month was foretold."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "forecast.moved": "Как менялся прогноз месяца",
    "forecast.moved.hint": "Линия — какого итога ждали в конце каждого дня, полоса — границы, в которые попадаем "
    "в 80 случаях из 100, пунктир — план",
    "forecast.moved.none": "Прогноз месяца запоминается вечером, когда закрыт последний срез дня. В этом месяце таких ещё нет.",
    "forecast.moved.label": "{first} ждали {from_}, {last} ждали {to}, план {plan}",
    "forecast.moved.label_bare": "{first} ждали {from_}, {last} ждали {to}",
    "forecast.moved.day": "День",
    "forecast.moved.done": "Было оплачено",
    "forecast.moved.table": "Таблицей",
    "forecast.months": "Как сбывались прогнозы месяца",
    "forecast.months.none": "Ещё не закончился ни один месяц, для которого прогноз запоминали: сравнивать пока не с чем. "
    "Первый итог будет {day}.",
    "forecast.months.month": "Месяц",
    "forecast.months.end": "Итог",
    "forecast.months.plan": "План",
    "forecast.months.met": "{plan}, выполнен",
    "forecast.months.missed": "{plan}, не выполнен",
    "forecast.months.first": "Первый прогноз",
    "forecast.months.middle": "К середине",
    "forecast.months.late": "За неделю до конца",
    "forecast.months.days": "Дней в границах",
    "forecast.months.hit": "{median} ({low} – {high}): попал",
    "forecast.months.miss": "{median} ({low} – {high}): мимо",
    "forecast.months.of": "{inside} из {days}",
    "forecast.months.hint": (
        "Все прогнозы одного месяца проверяет один и тот же итог, поэтому считаем месяцами, а не днями. "
        "Закончился пока {n}: судить о точности рано.",
        "Все прогнозы одного месяца проверяет один и тот же итог, поэтому считаем месяцами, а не днями. "
        "Закончилось пока {n}: судить о точности рано.",
        "Все прогнозы одного месяца проверяет один и тот же итог, поэтому считаем месяцами, а не днями. "
        "Закончилось пока {n}: судить о точности рано.",
    ),
    "forecast.months.share": "Прогнозы середины месяца попали в границы {hit} из {of}, то есть {share} ({low} – {high}); "
    "должно быть около 80 %. Все прогнозы одного месяца проверяет один итог, поэтому считаем месяцами.",
    "forecast.months.times": ("{n} раз", "{n} раза", "{n} раз"),
    "month.name": "{month} {year}",
    "month.whole.1": "январь",
    "month.whole.2": "февраль",
    "month.whole.3": "март",
    "month.whole.4": "апрель",
    "month.whole.5": "май",
    "month.whole.6": "июнь",
    "month.whole.7": "июль",
    "month.whole.8": "август",
    "month.whole.9": "сентябрь",
    "month.whole.10": "октябрь",
    "month.whole.11": "ноябрь",
    "month.whole.12": "декабрь",
}
