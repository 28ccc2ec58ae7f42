"""Russian of the page of norms."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "nav.norms": "Нормы",
    "norms.title": "Нормы",
    "norms.lead": "Сколько должно получиться за полную смену, для кого и откуда взяты числа. Меняет нормы человек: "
    "пересмотр только предлагает их.",
    "norms.next": "Сегодня день идёт по этим нормам. С полуночи будут действовать нормы версии {version}: что в них "
    "изменилось, сказано внизу.",
    "norms.table": "Нормы дня",
    "norms.step": "Шаг",
    "norms.per_day": "Норма дня",
    "norms.reference": "Эталон",
    "norms.reference.hint": "Сколько за полную смену делают лучшие; по эталону никого не оценивают",
    "norms.source": "Откуда",
    "norms.precedence": "Если человеку подходит несколько норм, действует самая близкая: личная, затем роли, команды, отдела; "
    "норма на день недели важнее общей.",
    "norms.none": "Норм в файле отдела нет",
    "norms.whom.agent": "Личная: {name}",
    "norms.whom.role": "Роль {name}",
    "norms.whom.team": "Команда {name}",
    "norms.whom.floor": "Весь отдел",
    "norms.source.hand": "задана вручную",
    "norms.source.changed": "изменена вручную: пересмотр {day} давал {norm}",
    "norms.source.review": (
        "по работе {n} человека за {days}",
        "по работе {n} человек за {days}",
        "по работе {n} человек за {days}",
    ),
    "norms.days": ("{n} день", "{n} дня", "{n} дней"),
    "norms.window": "{since} — {until}",
    "norms.holds": "с {day}",
    "norms.reference_apart": "эталон: {said}",
    "norms.absent": "нет",
    "norms.link": "Откуда нормы",
    "norms.curves": "Когда приходят результаты",
    "norms.curves.hint": "Темп получаса против среднего за день: выше черты приходит больше среднего. По этому темпу растёт то, "
    "что должно быть сделано к каждому часу.",
    "norms.curves.none": "Ход дня не задан: на каждый час приходится поровну",
    "norms.curve.peak": "больше всего в {time}: ×{weight}",
    "norms.weight": "Темп против среднего",
    "norms.learned": "Что известно о людях команд",
    "norms.learned.hint": "Узнано из прошлых дней. От этого зависит, сколько данных нужно, чтобы судить уверенно.",
    "norms.learned.what": "Что узнано",
    "norms.learned.said": "в среднем делают {mean} нормы; обычно люди отличаются друг от друга на {spread}; "
    "дни одного человека расходятся в {times} раза сильнее, чем вышло бы случайно",
    "norms.versions": "Когда нормы менялись",
    "norms.version": "Версия",
    "norms.applied": "Применена",
    "norms.changed": "Что изменилось",
    "norms.first": "первый файл отдела",
}
