"""Words of findings over windows: numbers, lists, slow lines, workplaces, the CRM."""

from typing import Any, Final

WORDS: Final[dict[str, Any]] = {
    "rules_out.list": "список",
    "rules_out.single_agents": "отдельные люди: так у всей команды",
    "rules_out.workplace": "рабочее место: обрываются не все разговоры",
    "rules_out.telephony": "телефония: звонки идут",
    "rules_out.number": "номер",
    "scope.did": "Номер {name}",
    "scope.campaign": "Кампания {name}",
    "say.answered": "ответили {answered} из {attempts}, обычно около {expected}",
    "say.slow": "95 % ответов за {now} с, обычно за {usual} с",
    "say.bad_numbers": "номера нет или он неполный: {bad} из {attempts}",
    "say.stuck": "без гудка {stuck} из {attempts}",
    "say.short": "коротких {short} из {answered} отвеченных",
    "say.crm": "{feed}: отметок нет, ожидалось около {expected}",
    "say.fewer": "{step} за полчаса: {done}, обычно около {expected}",
}
