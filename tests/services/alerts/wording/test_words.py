"""What people read: both languages, plural forms, numbers, times, and the states of a message."""

import re
from datetime import UTC, date, datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from schemas.steps import Verdict
from services.alerts.notifiers.console import lines
from services.alerts.wording import en, render, ru
from services.alerts.wording.language import Language
from tests.services.alerts.payloads import ALL, LINE, REPORT, SILENCE, SLICE, TASK, TEAM, but

RU = Language("ru", ZoneInfo("Europe/Moscow"), date(2026, 11, 23))
EN = Language("en", ZoneInfo("Europe/Moscow"), date(2026, 11, 23))
FIELD = re.compile(r"\{(\w+)\}")


def plain(payload):
    return lines("", render(payload)).replace("\u00a0", " ").replace("\u202f", " ")


def test_catalogues_have_the_same_keys():
    """Nothing is said in one language only."""
    assert set(ru.TEXT) == set(en.TEXT)
    assert set(ru.COUNTED) == set(en.COUNTED)


@pytest.mark.parametrize("key", sorted(set(ru.TEXT) - {"number.nth", "line.whose.line", "line.whose.line.others"}))
def test_both_languages_use_the_same_values(key):
    """A value that one language shows is not forgotten in the other."""
    assert set(FIELD.findall(ru.TEXT[key])) == set(FIELD.findall(en.TEXT[key]))


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "1 отказ"), (2, "2 отказа"), (5, "5 отказов"), (11, "11 отказов"), (21, "21 отказ"), (112, "112 отказов")],
)
def test_russian_plural_forms(n, said):
    """One, few, many, and the teens."""
    assert RU.count(n, "failure") == said


def test_every_counted_noun_has_all_its_forms():
    """Three forms in Russian, two in English."""
    assert {len(forms) for forms in ru.COUNTED.values()} == {3}
    assert {len(forms) for forms in en.COUNTED.values()} == {2}


def test_numbers_of_each_language():
    """Decimal comma and thin space in Russian, point and comma in English."""
    assert (RU.number(3204.5, 1), EN.number(3204.5, 1)) == ("3\u202f204,5", "3,204.5")
    assert (RU.percent(0.92), EN.percent(0.92)) == ("92\u00a0%", "92%")
    assert RU.sure(0.9999) == "99\u00a0%"


def test_times_are_the_floors():
    """14:31 in Moscow, with the date when it is another day's."""
    assert RU.at(datetime(2026, 11, 23, 11, 31, tzinfo=UTC)) == "14:31"
    assert RU.at(datetime(2026, 11, 22, 11, 31, tzinfo=UTC)) == "22.11 14:31"


@pytest.mark.parametrize(("p", "n"), [(0.02, "10"), (8.1e-7, "1,000,000"), (0.0, "1,000,000,000"), (1.0, "1")])
def test_chance_is_never_overstated(p, n):
    """“At most once in N” holds for the N shown."""
    assert EN.chance(p) == n


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("form", sorted(ALL))
def test_every_form_has_words(form, language):
    """Each kind of message can be said in each language, and names what to do or what is known."""
    content = render({**ALL[form], "language": language})
    assert content.title
    assert any(section.lines for section in content.sections)
    assert "{" not in lines("", content)


@pytest.mark.parametrize("verdict", ["line", "floor", "workplace", "undetermined"])
@pytest.mark.parametrize("state", ["firing", "acknowledged", "resolved", "invalidated"])
@pytest.mark.parametrize("phase", ["failing", "recovering", "no_data", None])
def test_every_state_of_a_line_has_words(verdict, state, phase):
    """No combination of verdict, state and phase breaks the message."""
    ended = "2026-11-23T11:52:00+00:00" if state in ("resolved", "invalidated") else None
    payload = but(LINE, verdict=verdict, state=state, phase=phase, resolved_at=ended, agent="Иван Петров")
    content = render(payload)
    assert content.final == (state in ("resolved", "invalidated"))
    assert "{" not in lines("", content)


def test_a_dead_line_is_told_as_a_line():
    """What happened, how sure we are, whose problem it is, what it means for people, what to do."""
    assert plain(LINE).split("\n") == [
        "■ Линия pbx/trunk-b: 4 отказа подряд с 14:31",
        "  4 отказа из 4 попыток: Q.850 34. Обычно здесь отказывает 3 %.",
        "  Случайно так бывает не чаще 1 раза из 1 000 000.",
        "  Это линия, не люди: отказы у 2 агентов, другие линии работают.",
        "  Техническое время с 14:31: 2 агента. Оно вычтено из норм, личных задач за него нет.",
        "  Что делать: проверить линию у оператора связи, до ответа увести звонки на другую.",
    ]


def test_the_end_of_an_outage_says_how_long_it_lasted():
    """From the first failure to the last one, not to the moment we were sure of it."""
    ended = but(
        LINE, state="resolved", resolved_at="2026-11-23T12:02:00+00:00", last_failure="2026-11-23T11:52:00+00:00"
    )
    assert render(ended).title == "Линия pbx/trunk-b снова работает: сбой 14:31–14:52 (21 минута)"
    assert "Что делать" not in plain(ended)


def test_a_line_closed_by_the_end_of_the_day_is_not_called_mended():
    """No calls came any more: nobody can say that it works."""
    ended = but(LINE, state="resolved", resolved_at="2026-11-23T15:00:00+00:00", ended_by="day")
    assert "снова работает" not in plain(ended)


def test_changing_the_verdict_changes_the_message():
    """Line, floor and workplace read differently."""
    said = {render(but(LINE, verdict=v, agent="Иван Петров")).title for v in ("line", "floor", "workplace")}
    assert len(said) == 3


def test_a_silence_says_again_how_often():
    """Repeats are counted."""
    assert "Снова: 3-й раз за 7 дней." in plain(SILENCE)
    assert "Снова" not in plain(but(SILENCE, again=1))


def test_a_calm_slice_says_so():
    """Nobody lags: the message says that, and does not call for the lead."""
    calm = render(but(SLICE, tasks=[], lagging=[], good=[], verified=[]))
    assert "Никто не отстаёт" in lines("", calm)
    assert calm.mentions == ()
    assert render(SLICE).mentions == ("U0ANNA",)


def test_an_untrusted_slice_judges_nobody():
    """Reasons first, no “nobody lags” that nobody could know."""
    said = plain(but(SLICE, tasks=[], lagging=[], untrusted={"calls": ["silent:pbx"], "answered": ["silent:pbx"]}))
    assert "Звонки, ответили: молчит источник pbx" in said
    assert "Никто не отстаёт" not in said


def test_a_doubt_about_everything_names_no_steps():
    """Whatever order the steps are stored in."""
    late = ["late:pbx"]
    said = plain(but(SLICE, tasks=[], untrusted={"payments": late, "calls": late}))
    assert "Все шаги: события pbx приходят с опозданием" in said


def test_a_withdrawn_task_says_why():
    """A technical verdict that came later takes the task back."""
    said = plain(but(SLICE, tasks=[{**TASK, "result": "invalidated"}]))
    assert "Иван Петров: 2 презентации к 13:00, снята: был сбой" in said


def test_a_team_back_on_norm_is_final():
    """The living message ends with the good news."""
    content = render(but(TEAM, state="resolved", resolved_at="2026-11-23T10:00:00+00:00"))
    assert content.title == "Хантеры: команда вернулась в норму, было 11:00–13:00"
    assert content.final


def test_the_day_is_told_whole():
    """Plan and fact, money, how many tasks worked, incidents with what they took, data, and the way to the page."""
    assert plain(REPORT).split("\n") == [
        "■ Итоги дня 23.11: Отдел",
        "  План и факт дня",
        "    • Звонки: 1 203 из 1 320, 91 %",
        "    • Оплаты: 4",
        "    • Должно быть за отработанное время, без сбоев и занятий: звонки 1 310,4",
        "    • Выставлено: 3 400 000 ₽",
        "    • Оплачено: 1 250 000,50 ₽, 500 €",
        "    • До плана дня не хватило 300 000 ₽: сбои 50 000 ₽, просела конверсия (презентации) 250 000 ₽",
        "  По командам",
        "    • Хантеры: звонки 700 из 800",
        "    • Фермеры: звонки 503",
        "  Задачи",
        "  Дано за день: 6, проверено: 5.",
        "  Сработало 3 из 5; не сделано 1; снято 1.",
        "  К тренеру",
        "    • Иван Петров, звонки: две задачи дня не сделаны, и отставание сильное",
        "  После работы с тренером",
        "  Марк Ефремов, презентации: есть рост; Дина Мурашко, звонки: пора проверить.",
        "  Стоит посмотреть",
        "  Агент 1, Агент 2, Агент 3, Агент 4, Агент 5 и ещё 2. "
        "Числа выделяются, но это не оценка: какие и чем объясняются, сказано в отчёте.",
        "  Месяц",
        "    • поступления: 900 000 ₽; к концу месяца около 1 800 000 ₽ "
        "(с вероятностью 80 % — от 1 500 000 ₽ до 2 100 000 ₽)",
        "    • план 2 000 000 ₽ выполняется с вероятностью 34 %",
        "  Происшествия",
        "    • Линия pbx/trunk-b, сбой: 14:31–14:52 (21 минута). Это линия, не люди. "
        "Вычтено из норм: 42 минуты у 2 агентов.",
        "  Данные",
        "    • Неполные на срезах: 11:00. По этим шагам никого не судили.",
        "    • После закрытия срезов пришло: 2 факта. В отчёте за день они учтены.",
        "  Данные на 18:03.",
        "  Отчёт за день: https://srez.test/report?date=2026-11-23",
    ]


def test_what_the_month_will_bring_has_no_kopecks():
    """What came so far is told to the kopeck, what is expected as an estimate."""
    month = {
        "done": 512_345_678,
        "median": 1_939_179_383,
        "low": 1_712_345_611,
        "high": 2_212_399_922,
        "currency": "RUB",
    }
    for plan, p_plan in ((None, None), (200_000_000, 0.34)):
        said = (
            plain(but(REPORT, month={**month, "plan": plan, "p_plan": p_plan}))
            .replace("\u202f", " ")
            .replace("\u00a0", " ")
        )
        assert "поступления: 5 123 456,78 ₽; к концу месяца около 19 392 000 ₽" in said
        assert "(с вероятностью 80 % — от 17 123 000 ₽ до 22 124 000 ₽)" in said


def test_a_quiet_day_is_told_in_english():
    """No tasks, no incidents, nothing wrong with the data: said so, and no empty headings."""
    quiet = but(
        REPORT,
        language="en",
        board=None,
        tasks={"given": 0, "results": {}},
        teams=REPORT["teams"][:1],
        coaching=[],
        risk=None,
        look=[],
        outcomes=[],
        month=None,
        incidents=[],
        untrusted=[],
        late=0,
    )
    said = plain(quiet)
    assert said.split("\n")[0] == "■ Day report 23 Nov: Отдел"
    assert "  Tasks\n  There were none.\n  Incidents\n  There were none.\n  Data as of 18:03." in said
    assert "Teams" not in said
    assert "http" not in said


def test_an_incident_that_lasts_has_no_end():
    """Still open when the day is over; of a team nobody lost time to it."""
    lasting = {**REPORT["incidents"][0], "resolved_at": None, "minutes": 0, "what": "team", "name": "Хантеры"}
    assert "Команда Хантеры, сбой: с 14:31, ещё идёт. Это линия, не люди.\n" in plain(but(REPORT, incidents=[lasting]))


@pytest.mark.parametrize("verdict", sorted(get_args(Verdict)))
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_verdict_of_an_incident_has_words(verdict, language):
    """Whose it was can be said whatever was found."""
    incident = {**REPORT["incidents"][0], "verdict": verdict}
    assert "{" not in plain(but(REPORT, language=language, incidents=[incident]))


HEARD = [
    {"call": "c1", "agent": "ivan", "name": "Иван Петров", "ended_at": "2026-11-23T07:12:00+00:00", "talk_s": 45,
     "why": "cut_off", "recording": "https://records.example/1.mp3"},
    {"call": "c2", "agent": "olga", "name": "Ольга Край", "ended_at": "2026-11-23T07:30:00+00:00", "talk_s": 700,
     "why": "good_peer"},
]  # fmt: skip


def test_a_task_names_calls_and_what_goes_with_it():
    """Why each was chosen, a recording where there is one, counts on the way, and that it is not the first time."""
    task = {**TASK, "hear": HEARD, "advice": {"long_calls": 4, "invoices": 1}, "again": 3}
    told = but(ALL["task"], task=task, board="https://srez.test/")
    said = plain(told)
    assert "Снова, 3-й раз за неделю." in said
    assert "По пути: 4 длинных разговора, 1 счёт." in said
    assert (
        "10:12, разговор 0:45: оборвался через 0:45, слышно, на чём клиент ушёл в начале https://records.example/1.mp3"
        in said
    )
    assert "10:30, разговор 11:40: для сравнения, удачный (Ольга Край)" in said
    assert render(told).link == ("Открыть на доске", "https://srez.test/tasks/t-1")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"result": "done", "seen": {"done": 23, "required": 21}}, "21 звонок, 23 из 21: сделано"),
        ({"result": "not_done", "seen": {"done": 7}}, "21 звонок, 7 из 21: не сделано"),
        (
            {"result": "invalidated", "seen": {"done": 7, "technical_min": 40.2}},
            "снята: за это время был сбой, 40 минут",
        ),
        ({"result": "invalidated", "seen": None}, "21 звонок, снята: помешал сбой"),
    ],
)
def test_a_result_is_said_with_its_numbers(changes, expected):
    """What was done of what was asked, or how much of the time was technical."""
    verified = [{**SLICE["verified"][0], **changes}]
    assert expected in plain(but(SLICE, verified=verified))


def test_a_dismissed_task_says_why():
    """In the slice that gave it, instead of its numbers; a repeated one says so before its own."""
    tasks = [{**TASK, "dismissed": "other_work"}, {**TASK, "task": "t-2", "name": "Пётр Лунин", "again": 2}]
    said = plain(but(SLICE, tasks=tasks))
    assert "Иван Петров: 2 презентации к 13:00, снята руководителем: занят другой работой" in said
    assert "Снова, 2-й раз за неделю. Пётр Лунин: 2 презентации" in said


GROUND = {"slice": "11:00", "step": "calls", "done": 8, "target": 10.0, "technical_min": 60.0}


def test_a_task_without_ground_says_why_instead_of_what_to_do():
    """In its own thread, in the slice that gave it, and in the one that lifted it; with the minutes where there are any."""
    why = "после среза 11:00 стало известно о сбое (60 минут). С его учётом звонки — 8 из 10: отставания не было"
    thread = plain({**ALL["task"], "task": {**ALL["task"]["task"], "result": "invalidated", "ground": GROUND}})
    assert f"Задача снята: {why}. Делать её не нужно" in thread
    assert "Послушать" not in thread
    assert "Что сделать" not in thread
    off = {**TASK, "result": "invalidated", "ground": GROUND}
    assert f"снята: {why}" in plain(but(SLICE, tasks=[off]))
    verified = [{**SLICE["verified"][0], "result": "invalidated", "seen": {"done": 7, "ground": GROUND}}]
    assert f"21 звонок, снята: {why}" in plain(but(SLICE, verified=verified))
    bare = {**off, "ground": {**GROUND, "technical_min": 0.0}}
    assert "чего на срезе 11:00 не знали" in plain(but(SLICE, tasks=[bare]))
