"""The parts that simulated calls are put together from: by stage and language, exchanges of (speaker, text). Invented."""

from collections.abc import Mapping, Sequence
from typing import Final

Turn = tuple[str, str]

COMPANIES: Final[Mapping[str, tuple[str, ...]]] = {
    "ru": ("«Ромашка»", "«Вектор»", "«Склад-Сервис»"),
    "en": ("Daisy", "Vector", "Stock Service"),
}
_A, _C = "agent", "customer"

STAGES: Final[Mapping[str, Mapping[str, Sequence[Sequence[Turn]]]]] = {
    "contact": {
        "ru": (
            ((_A, "Добрый день! Меня зовут {name}, компания {company}."), (_C, "Здравствуйте, слушаю.")),
            ((_A, "Я из компании {company}, звоню по поводу учёта заказов."), (_C, "Так, и что у вас?")),
            ((_A, "Вам сейчас удобно говорить? Это займёт минут десять."), (_C, "Ну давайте, только недолго.")),
        ),
        "en": (
            ((_A, "Good afternoon, my name is {name}, I am calling from {company}."), (_C, "Hello, yes?")),
            ((_A, "I am calling about the way you keep your orders."), (_C, "All right.")),
            ((_A, "Is it a good time to talk? It takes ten minutes."), (_C, "Go on, but be quick.")),
        ),
    },
    "diagnosis": {
        "ru": (
            ((_A, "Подскажите, пожалуйста, как вы сейчас ведёте учёт заказов?"), (_C, "В таблицах, честно говоря.")),
            ((_A, "А какая тут главная сложность?"), (_C, "Теряем заявки, когда менеджер в отпуске.")),
            ((_A, "Расскажите, сколько человек с этим работает?"), (_C, "Семеро, из них двое на складе.")),
            ((_A, "Кто у вас принимает решение по таким вопросам?"), (_C, "Я и директор, вместе.")),
            ((_A, "Правильно понимаю, что важнее всего не терять заявки?"), (_C, "Да, именно так.")),
        ),
        "en": (
            ((_A, "Tell me, how do you currently keep your orders?"), (_C, "In spreadsheets, to be honest.")),
            ((_A, "What is the biggest problem with that?"), (_C, "We lose requests when someone is away.")),
            ((_A, "And who do you have on it now?"), (_C, "Seven people, two in the warehouse.")),
            ((_A, "Did I understand you: not losing requests matters most?"), (_C, "Exactly.")),
        ),
    },
    "presentation": {
        "ru": (
            ((_A, "Наша система поможет вам видеть все заявки в одном окне."), (_C, "А телефоны она подхватит?")),
            ((_A, "Да, и вы получите напоминание, если на заявку никто не ответил."), (_C, "Это было бы кстати.")),
            ((_A, "Предлагаю вам вариант на семь рабочих мест."), (_C, "А если нас станет больше?")),
            ((_A, "Главная выгода в том, что ничего не переносите вручную."), (_C, "Звучит неплохо.")),
        ),
        "en": (
            ((_A, "Our platform helps you see every request in one window."), (_C, "Does it take phone calls?")),
            ((_A, "It does, and you will get a reminder when nobody has answered."), (_C, "That would help.")),
            ((_A, "The main benefit is that you copy nothing by hand."), (_C, "Sounds fine.")),
        ),
    },
    "objections": {
        "ru": (
            ((_C, "Мы уже пробовали похожее, не прижилось."), (_A, "Понимаю вас. А что смущает больше всего?")),
            ((_C, "Люди не любят новое."), (_A, "Давайте разберём, как это прошло у похожего отдела.")),
            ((_C, "Надо подумать."), (_A, "Понимаю вас, вопрос непростой. С чем вы нас сравниваете?")),
        ),
        "en": (
            ((_C, "We tried something like it, it did not stick."), (_A, "I understand you. What stops people?")),
            ((_C, "I have to think."), (_A, "Let us look at what a team like yours did.")),
            ((_C, "There are cheaper ones."), (_A, "Compared to those, what else matters apart from price?")),
        ),
    },
    "price": {
        "ru": (
            ((_C, "И сколько это?"), (_A, "Стоимость — {price} в год на всех.")),
            ((_C, "Дороговато."), (_A, "Есть рассрочка: оплатить можно частями, без переплаты.")),
            ((_A, "Цена {price}, и внедрение в неё уже входит."), (_C, "Понятно.")),
        ),
        "en": (
            ((_C, "How much is it?"), (_A, "The price is {price} a year for everyone.")),
            ((_C, "That is a lot."), (_A, "You can pay in instalments.")),
        ),
    },
    "closing": {
        "ru": (
            ((_A, "Тогда я выставлю вам счёт сегодня до конца дня."), (_C, "Хорошо, присылайте.")),
            ((_A, "На какую почту его отправить?"), (_C, "На общую, она на сайте.")),
            ((_A, "Договорились. Созвонимся в пятницу, отвечу на вопросы."), (_C, "Да, в пятницу удобно.")),
        ),
        "en": (
            ((_A, "Then I will send you the invoice today."), (_C, "Fine, please do.")),
            ((_A, "Let us speak on Friday about your questions."), (_C, "Friday is good.")),
        ),
    },
}  # fmt: skip
"""Stage → language → exchanges; in the order of the conversation."""

IDLE: Final[Mapping[str, Sequence[Sequence[Turn]]]] = {
    "ru": (
        ((_A, "Так, секундочку, сейчас посмотрю."), (_C, "Хорошо.")),
        ((_A, "Ага, ясно."), (_C, "Ну вот так и живём.")),
        ((_C, "А вы вообще откуда звоните?"), (_A, "Из головного офиса.")),
        ((_C, "У нас тут ещё ремонт идёт."), (_A, "Да, шумно у вас.")),
        ((_C, "Вы письмо присылали?"), (_A, "Кажется, коллеги присылали.")),
    ),
    "en": (
        ((_A, "One moment, I am looking."), (_C, "Sure.")),
        ((_A, "Right, I see."), (_C, "So that is how it is.")),
        ((_C, "Where are you calling from, anyway?"), (_A, "The head office.")),
        ((_C, "Did you write to us?"), (_A, "A colleague did, it seems.")),
    ),
}
BAN: Final[Mapping[str, Sequence[Turn]]] = {
    "ru": (
        (_A, "Я вам гарантирую прибыль в первый же месяц."),
        (_A, "Сто процентов, всё окупится за неделю, это точно."),
    ),
    "en": ((_A, "I guarantee you a profit in the first month."),),
}
