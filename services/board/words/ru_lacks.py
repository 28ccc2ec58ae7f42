"""Russian words of a source that accepts nothing."""

from typing import Final

WORDS: Final[dict[str, str]] = {
    "sources.progress.unset": "не настроен",
    "sources.lacks.not_set": (
        "Ничего не принимается: не задан секрет {names}. "
        "Задайте эту переменную там, где работает приём вебхуков, и перезапустите его"
    ),
    "sources.lacks.not_given": (
        "Ничего не принимается: в файле отдела у источника нет секрета {names}. "
        "Добавьте его в secrets и примените файл: srez floor apply"
    ),
    "sources.lacks.none_given": (
        "Ничего не принимается: в файле отдела у источника нет ни одного секрета. "
        "Добавьте секрет и примените файл: srez floor apply"
    ),
    "sources.lacks.unknown_provider": (
        "Ничего не принимается: провайдер {names} неизвестен. "
        "Исправьте provider у источника в файле отдела и примените файл: srez floor apply"
    ),
}
