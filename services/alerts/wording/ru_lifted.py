"""Russian of tasks and cases that have lost their ground (docs/decisions/0043-what-has-lost-its-ground.md)."""

from typing import Final

TEXT: Final[dict[str, str]] = {
    "ground": "после среза {slice} стало известно о сбое ({minutes}). С его учётом {step} — {done} из {target}: "
    "отставания не было",
    "ground.bare": "стало известно то, чего на срезе {slice} не знали, и с этим задачу бы не дали",
    "slice.task.ground": "{agent}: {wanted} к {due}, снята: {why}",
    "result.ground": "снята: {why}",
    "task.ground": "Задача снята: {why}. Делать её не нужно, ни к тренеру, ни в повторы она не считается.",
    "slice.lifted": "Больше не у тренера",
    "slice.case.lifted": "{agent}, {step}: о сбое узнали позже, с его учётом к тренеру бы не направили",
    "coaching.title.lifted": "Отменено направление к тренеру: {agent}, {step}",
    "coaching.lifted": "О сбое узнали позже, и с его учётом к тренеру бы не направили. Запись закрыта на срезе {at}; "
    "задачи, которые не сделаны и без сбоя, по-прежнему считаются.",
    "doubt.connected": "источник {source} подключён только в {at}, что было раньше, не видно; судим со следующего дня",
    "doubt.some_connected": "источник {source} подключён только в {at}; тех, чья работа видна только в нём, судим со "
    "следующего дня",
    "doubt.some_unheard": "из источника {source} ещё ничего не приходило; тех, чья работа видна только в нём, не судим",
}
