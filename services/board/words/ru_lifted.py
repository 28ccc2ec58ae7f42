"""Russian of tasks and cases that have lost their ground (docs/decisions/0043-what-has-lost-its-ground.md)."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "task.result.ground": "снята: отставания не было",
    "verdict.ground": tuple(
        f"Снята: после среза {{slice}} стало известно о сбое, {minutes}. С его учётом {{step}} — {{done}} из {{target}}, "
        "и задачу бы не дали"
        for minutes in ("{n} минута", "{n} минуты", "{n} минут")
    ),
    "verdict.ground.bare": "Снята: стало известно то, чего на срезе {slice} не знали, и с этим задачу бы не дали",
    "revision.given.open": "Если так и останется, ближайший срез её снимет",
    "case.lifted": "отменена: о сбое узнали позже",
    "case.lifted.whole": (
        "Отменена на срезе {time}. О сбое узнали позже, и с этой поправкой к тренеру бы не направили. "
        "Задачи, которые не сделаны и без сбоя, по-прежнему считаются"
    ),
    "trust.connected": "источник {source} подключён только в {time}, что было раньше, не видно; по этим шагам судим "
    "со следующего дня",
    "trust.some_connected": "источник {source} подключён только в {time}; тех, чья работа видна только в нём, судим со "
    "следующего дня, остальных — как обычно",
    "trust.some_unheard": "из источника {source} ещё ничего не приходило; тех, чья работа видна только в нём, не судим, "
    "остальных — как обычно",
}
