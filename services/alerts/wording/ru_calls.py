"""Russian words of the calls to check an alert by."""

from typing import Final

TEXT: Final[dict[str, str]] = {
    "details.calls.calls": "Звонки для проверки — после них дольше всего не набирали следующий: {calls}.",
    "details.calls.answered": "Звонки для проверки — набраны, но никто не ответил: {calls}.",
    "details.calls.long_calls": "Звонки для проверки — клиент ответил, но длинного разговора не вышло: {calls}.",
    "details.calls.presentations": "Звонки для проверки — длинные, но без презентации: {calls}.",
    "details.calls.invoices": "Звонки для проверки — презентация была, счёта нет: {calls}.",
    "details.calls.payments": "Звонки для проверки — счёт выставлен, оплаты нет: {calls}.",
    "details.deals.invoices": "Сделки для проверки — презентация была, счёта нет, звонок неизвестен: {deals}.",
    "details.deals.payments": "Счета для проверки — оплаты нет, звонок неизвестен: {deals}.",
    "details.no_calls.none_made": "Звонков для проверки нет: за это время команда не сделала ни одного.",
    "details.no_calls.none_fit": "Звонков для проверки нет: ни один за это время этого не показывает.",
    "details.no_calls.not_named": "Звонков для проверки нет: этот срез закрыт версией, которая их не называла.",
    "details.no_calls.no_last": "Что пришло последним, не записано.",
    "details.no_calls.none_before": "Что пришло последним, сказать нельзя: раньше источник ничего не присылал.",
    "details.last": "Последнее, что пришло до тишины: {last}.",
}
