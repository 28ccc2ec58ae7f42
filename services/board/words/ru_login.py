"""Russian of signing in."""

from typing import Final

WORDS: Final[dict[str, str | tuple[str, ...]]] = {
    "login.title": "Вход",
    "login.name": "Имя",
    "login.password": "Пароль",
    "login.enter": "Войти",
    "login.out": "Выйти",
    "login.wrong": "Имя или пароль не подходят, или попыток было слишком много: тогда подождите четверть часа",
    "error.sign_in": "Сначала войдите",
    "error.closed": "На этой доске ещё нет учётных записей. Добавить первую: srez account add ИМЯ --role operator",
    "error.agents_not_yet": "Операторам вход на эту доску пока закрыт",
}
