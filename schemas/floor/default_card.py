"""The quality card that comes with the product (DOMAIN §10). A change of it is a new version beside this one."""

from typing import Any, Final

from schemas.floor.quality import Form

_CONTACT: Final = (
    {"say": "(добрый|доброе) (день|утро|вечер)", "within_s": 45},
    {"say": "здравствуйте", "within_s": 45},
    {"say": "меня зовут", "within_s": 60},
    {"say": "(компания|фирма)", "within_s": 60},
    {"say": "удобно (говорить|разговаривать|сейчас|уделить)", "within_s": 90},
    {"say": "good (morning|afternoon|evening)", "within_s": 45},
    {"say": "my name is", "within_s": 60},
    {"say": "calling (from|about)", "within_s": 60},
    {"say": "good time to (talk|speak)", "within_s": 90},
)
_DIAGNOSIS: Final = (
    "(расскажите|подскажите|скажите) ... (как|какой|какие|сколько|кто|что|почему)",
    "(как|чем) вы сейчас",
    "(какой|какие|какая) ... (задача|цель|проблема|сложность|трудность)",
    "что ... важно",
    "(какой|сколько) ... (бюджет|сотрудник|объём|объем)",
    "кто ... (принимает|отвечает)",
    "правильно (понимаю|понял|поняла)",
    "(how|what|who) do you ... (now|currently|today)",
    "tell me ... about",
    "what matters",
    "(what|which) ... (goal|problem|challenge|budget)",
    "(did|do) I understand",
)
_PRESENTATION: Final = (
    "(предлагаю|предлагаем|предложу|предложить) ... (вам|решение|вариант|тариф|пакет)",
    "(наш|наша|наше|наши) (решение|продукт|программа|курс|тариф|пакет|сервис|система)",
    "(позволяет|позволит|поможет|помогает) вам",
    "(вы|вам) ... (получаете|получите|получить)",
    "(выгода|преимущество)",
    "(чтобы|поэтому) ... (подойдёт|подходит|подойдет)",
    "our (solution|product|programme|program|course|plan|package|service|platform)",
    "(helps|lets|allows) you",
    "you will (get|receive|have)",
    "(benefit|advantage)",
)
_OBJECTIONS: Final = (
    "(понимаю|понимаем) (вас|вы|ваш|ваше|ваши|ваши)",
    "(согласен|согласна) ... (вопрос|важно|непросто|дорого)",
    "что ... (смущает|останавливает|беспокоит)",
    "(давайте|предлагаю) (разберём|разберем|обсудим|посмотрим|сравним)",
    "с чем ... (сравниваете|сравнивали)",
    "(кроме|помимо) ... (цены|этого)",
    "I (understand|see|hear) ... (you|your|concern)",
    "what (concerns|worries|stops|holds)",
    "let (us|me) (look|compare|walk)",
    "compared (to|with)",
    "apart from",
)
_PRICE: Final = (
    "(стоимость|цена|стоит|обойдётся|обойдется) ... #",
    "# (рублей|тысяч|евро|долларов)",
    "(рассрочка|рассрочки|предоплата|скидка|скидок)",
    "(оплата|оплатить) ... (частями|этапами|месяц)",
    "(price|costs|cost|fee) ... #",
    "# (euros|dollars|pounds|roubles|rubles)",
    "(instalments|installments|prepayment|discount)",
)
_CLOSING: Final = (
    "(выставлю|выставим|выставить|выставляю|выпишу|выпишем|пришлю|отправлю) ... счёт",
    "(на|какую) ... (почту|юрлицо|компанию) ... (выставить|прислать|отправить)",
    "(оформляем|оформим|оформляю|договорились|договоримся)",
    {
        "say": "(созвонимся|перезвоню|встретимся) ... (завтра|понедельник|вторник|среду|четверг|пятницу|#)",
        "last_share": 0.5,
    },
    "когда ... (оплатите|сможете|оплатить)",
    "(send|issue|raise) ... invoice",
    "invoice ... (today|now|by|to)",
    {"say": "(call|speak|meet) ... (tomorrow|monday|tuesday|wednesday|thursday|friday)", "last_share": 0.5},
    "when ... (pay|payment)",
)
_RUDE: Final = ("(дурак|идиот|тупой|кретин)", "(отстань|отвали|заткнись)", "(idiot|stupid|moron)", "shut up")
_PROMISE: Final = (
    "(гарантирую|гарантируем) ... (доход|прибыль|результат|продажи)",
    "сто процентов ... (результат|окупится|вернётся|вернется)",
    "guarantee ... (profit|income|result|returns)",
)


def _item(
    id_: str, ru: str, en: str, weight: float, guide: tuple[str, str], phrases: Any, **more: Any
) -> dict[str, Any]:
    text = {"ru": guide[0], "en": guide[1]}
    return {"id": id_, "title": {"ru": ru, "en": en}, "weight": weight, "guidance": text, "phrases": phrases, **more}


DEFAULT_CARD: Final = Form.model_validate(
    {
        "id": "default",
        "version": 1,
        "title": {"ru": "Карта качества", "en": "Quality card"},
        "items": [
            _item(
                "contact", "Контакт", "Contact", 10,
                (
                    "1 — представился, назвал компанию и повод, получил согласие. ½ — чего-то нет. 0 — начал с предложения.",
                    "1: name, company, reason, leave to go on. ½: one of them is missing. 0: begins with the offer.",
                ),
                _CONTACT, stage="contact",
            ),
            _item(
                "diagnosis", "Диагностика", "Diagnosis", 20,
                (
                    "1 — выяснил задачу, положение дел и кто решает, подвёл итог. ½ — спросил, но не до конца. 0 — не спросил.",
                    "1: task, present state, who decides, summed up. ½: asked, not to the end. 0: did not ask.",
                ),
                _DIAGNOSIS, stage="diagnosis", critical=True,
            ),
            _item(
                "presentation", "Презентация", "Presentation", 20,
                (
                    "1 — связал решение с тем, что сказал клиент. ½ — рассказал обо всём подряд. 0 — презентации не было.",
                    "1: ties the solution to what the customer said. ½: tells everything. 0: none.",
                ),
                _PRESENTATION, stage="presentation", critical=True,
            ),
            _item(
                "objections", "Возражения и сомнения", "Objections and doubts", 15,
                (
                    "1 — выслушал, уточнил, ответил. ½ — ответил, не уточнив. 0 — спорил или сдался. Не было — «не применимо».",
                    "1: heard out, asked, answered. ½: answered without asking. 0: argued or gave up. None raised: n/a.",
                ),
                _OBJECTIONS, stage="objections",
            ),
            _item(
                "price", "Разговор о цене", "Price", 10,
                (
                    "1 — назвал цену после ценности и обосновал. ½ — без обоснования. 0 — ушёл от ответа или сразу снизил.",
                    "1: after the value, with reasons. ½: without reasons. 0: evaded, or cut it at once.",
                ),
                _PRICE, stage="price",
            ),
            _item(
                "closing", "Закрытие и счёт", "Closing and invoice", 20,
                (
                    "1 — договорился о следующем шаге со сроком: счёт, оплата, встреча. ½ — шаг без срока. 0 — шага нет.",
                    "1: a next step with a date: invoice, payment, meeting. ½: a step without a date. 0: none.",
                ),
                _CLOSING, stage="closing", critical=True,
            ),
            _item(
                "speech", "Речь и запреты", "Speech and bans", 5,
                (
                    "1 — говорит ясно, не перебивает. ½ — есть помехи. 0 — слушать трудно.",
                    "1: clear, does not interrupt. ½: some trouble. 0: hard to listen to.",
                ),
                (),
            ),
        ],
        "bans": [
            {"id": "rude", "title": {"ru": "Грубость", "en": "Rudeness"}, "phrases": _RUDE},
            {
                "id": "promise",
                "title": {"ru": "Обещание гарантированного результата", "en": "A guaranteed result promised"},
                "phrases": _PROMISE,
            },
        ],
    }
)  # fmt: skip
