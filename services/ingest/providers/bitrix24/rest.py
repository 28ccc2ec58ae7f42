"""How the portal's REST is asked: forms below the address of an inbound webhook; whoever has it can call the portal."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from services.ingest.providers import values
from services.ingest.providers.base import Fetch, Ignored, Rejected, Secrets
from services.kit.errors import BadInput

SECRET: Final = "rest_url"  # noqa: S105 - the name of a secret
_GONE: Final = ("NOT_FOUND", "not found")
_PASSING: Final = frozenset(
    {
        "QUERY_LIMIT_EXCEEDED",  # two questions a second
        "OPERATION_TIME_LIMIT",  # a method's share of ten minutes is used up
        "OVERLOAD_LIMIT",
        "INTERNAL_SERVER_ERROR",
        "ERROR_UNEXPECTED_ANSWER",
    }
)
"""Errors that pass by themselves. They come with a status that says so, or in a body whose status says all is well."""

Form = Mapping[str, str]


def base(secrets: Secrets) -> str | None:
    """The address that methods are called below, or None."""
    found = next(iter(secrets.get(SECRET, ())), "").strip().rstrip("/")
    return found if found.startswith(("https://", "http://")) else None


def post(base: str, method: str, form: Form) -> Fetch:
    headers = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
    return Fetch("POST", f"{base}/{method}", headers, urlencode(form).encode())


def batch(base: str, commands: Mapping[str, tuple[str, Form]]) -> Fetch:
    """Several methods as one question: name → (method, form). One that fails does not stop the others."""
    told = {f"cmd[{name}]": f"{method}?{urlencode(form)}" for name, (method, form) in commands.items()}
    return post(base, "batch", {"halt": "0", **told})


def commanded(answer: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """(results, errors) of a batch by command, or None when it is no answer to one. PHP writes nothing as ``[]``."""
    result = answer.get("result")
    if not isinstance(result, Mapping) or "result_error" not in result:
        return None
    return values.mapping(result.get("result")), values.mapping(result.get("result_error"))


def trouble(body: bytes) -> str | None:
    """What stands in the body and passes by itself."""
    try:
        answer = values.mapping(values.load_json(body))
    except BadInput:
        return None
    batch = commanded(answer)
    errors = [answer, *(values.mapping(error) for error in batch[1].values())] if batch else [answer]
    found = (values.text(error.get("error"), 60) for error in errors)
    return next((code for code in found if code and code.upper() in _PASSING), None)


def refused(path: str, answer: Mapping[str, Any]) -> Ignored | Rejected:
    """What an error of the body is to us: what is gone counts nothing, everything else is shown."""
    said = " ".join(found for name in ("error", "error_description") if (found := values.text(answer.get(name), 120)))
    if any(word.lower() in said.lower() for word in _GONE):
        return Ignored("not_counted", f"{path[:80]}: not found")
    return Rejected("bad_value", f"{path[:80]}: the portal answered {said or 'an error'}")
