"""Words of the calls to check an alert by."""

from typing import Final

WORDS: Final[dict[str, str]] = {
    "checks.title": "По чему проверить",
    "checks.calls": "звонки",
    "checks.last": "последнее, что пришло до тишины",
    "checks.calls.calls": "звонки, после которых дольше всего не набирали следующий",
    "checks.calls.answered": "набраны, но никто не ответил",
    "checks.calls.long_calls": "клиент ответил, но длинного разговора не вышло",
    "checks.calls.presentations": "длинные разговоры без презентации",
    "checks.calls.invoices": "презентация была, счёта нет",
    "checks.calls.payments": "счёт выставлен, оплаты нет",
    "checks.deals.invoices": "сделки, где презентация была, а счёта нет; звонок неизвестен",
    "checks.deals.payments": "счета без оплаты; звонок неизвестен",
    "checks.none.none_made": "звонков нет: за это время команда не сделала ни одного",
    "checks.none.none_fit": "звонков нет: ни один за это время этого не показывает",
    "checks.none.not_named": "звонков нет: этот срез закрыт версией, которая их не называла",
    "checks.none.no_last": "что пришло последним, не записано",
    "checks.none.none_before": "раньше источник ничего не присылал",
}
