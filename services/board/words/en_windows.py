"""Words of findings over windows: numbers, lists, slow lines, workplaces, the CRM."""

from typing import Any, Final

WORDS: Final[dict[str, Any]] = {
    "rules_out.list": "the list",
    "rules_out.single_agents": "single people: the whole team is like that",
    "rules_out.workplace": "the workplace: not all talks break off",
    "rules_out.telephony": "the telephone: calls go on",
    "rules_out.number": "the number",
    "scope.did": "Number {name}",
    "scope.campaign": "Campaign {name}",
    "say.answered": "{answered} answered of {attempts}, usually about {expected}",
    "say.slow": "95 % of answers within {now} s, usually {usual} s",
    "say.bad_numbers": "no such number, or not all of it: {bad} of {attempts}",
    "say.stuck": "{stuck} of {attempts} never rang",
    "say.short": "{short} of {answered} answered calls were short",
    "say.crm": "{feed}: no marks, about {expected} were due",
    "say.fewer": "{step} in half an hour: {done}, usually about {expected}",
}
