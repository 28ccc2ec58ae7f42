"""One member of a body under one rule: what each key's expression finds, how it is read, and why not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from jmespath.exceptions import JMESPathTypeError

from schemas.floor import expression as expressions
from schemas.floor.mapping import Amount, Found, Length, Lookup, Moment
from services.ingest.providers import money, values
from services.ingest.providers.base import Source
from services.ingest.providers.mapped import moments
from services.kit.errors import BadInput

Word = TypeVar("Word")
Value = TypeVar("Value")
_BROKEN: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a function of JMESPath raises on values it does not take (its own errors are ValueErrors)."""
NOTHING: Final = "nothing found"


@dataclass(frozen=True, slots=True)
class Finding:
    """``understood`` is None when there was nothing, or nothing that could be read; ``why`` says which."""

    key: str
    expression: str
    raw: Any
    understood: Any
    why: str = ""


def search(expression: str, value: Any) -> Any:
    """What *expression* finds in *value*; None when nothing. Raises: BadInput (bad_value)."""
    try:
        return expressions.compiled(expression).search(value)
    except JMESPathTypeError as error:
        raise BadInput(f"{error.function_name}() does not take {error.actual_type}", "bad_value") from None
    except _BROKEN as error:
        raise BadInput(f"the expression failed: {type(error).__name__}", "bad_value") from None


def true(found: Any) -> bool:
    """As JMESPath has it: null, false and everything empty are false; 0 is true."""
    return not (found is None or found is False or found in ("", [], {}))


class Element:
    """``findings`` grow in the order in which keys are read; ``srez normalize --explain`` prints them."""

    def __init__(self, value: Any, source: Source, time_format: str) -> None:
        self._value, self.source, self._time_format = value, source, time_format
        self.findings: list[Finding] = []

    def holds(self, condition: str | None) -> bool:
        """Raises: BadInput."""
        if condition is None:
            return True
        raw = self._find("when", condition)
        self.note("when", condition, raw, true(raw), "" if true(raw) else "passed over")
        return true(raw)

    def id(self, expression: str) -> str:
        """Raises: BadInput (missing_field)."""
        raw = self._find("id", expression)
        found = values.text(raw)
        self.note("id", expression, raw, found, "" if found else _unread(raw, "text"))
        if found is None:
            raise BadInput(f"id: {_unread(raw, 'text')}", "missing_field")
        return found

    def word(
        self, key: str, how: Lookup[Word] | None, plain: Callable[[str], Word | None] = lambda word: None
    ) -> Word | None:
        """Through the table; what is not in it as *plain* has it, else as ``otherwise`` says."""
        if how is None:
            return None
        raw = self._optional(how)
        theirs = _word(raw)
        found = how.table.get(theirs.lower()) if theirs else None
        if found is None and theirs:
            found = plain(theirs)
        why = f"{theirs!r} is not in the table" if theirs else _unread(raw, "word")
        return self._chosen(key, how, raw, found, why)

    def text(self, key: str, how: Lookup[str] | None, limit: int = values.TEXT_LIMIT) -> str | None:
        """As it stands, unless the table has another word for it."""
        if how is None:
            return None
        raw = self._optional(how)
        theirs = _word(raw, limit)
        found = how.table.get(theirs.lower(), theirs) if theirs else None
        return self._chosen(key, how, raw, found, _unread(raw, "text"))

    def code(self, key: str, how: Lookup[int] | None) -> int | None:
        """As it stands, unless the table has another number for it."""
        if how is None:
            return None
        raw = self._optional(how)
        found = how.table.get((_word(raw) or "").lower(), values.integer(raw))
        return self._chosen(key, how, raw, found, _unread(raw, "number"))

    def instant(self, key: str, how: Moment | None) -> datetime | None:
        """None when there is none. Raises: BadInput for what is there and is no instant."""
        pattern = (how.format if how else None) or self._time_format
        zone = self.source.timezone
        return self._read(key, how, "time", moments.never, lambda raw: moments.instant(raw, pattern, zone))

    def length(self, key: str, how: Length | None) -> timedelta | None:
        """None when there is none. Raises: BadInput for what is there and is no length of time."""
        unit = how.unit if how else "s"
        return self._read(key, how, "length of time", moments.no_length, lambda raw: moments.length(raw, unit))

    def amount(self, how: Amount | None, currency: str) -> int | None:
        """Minor units. Raises: BadInput for what is there and is no amount ≥ 0."""
        minor = how is not None and how.unit == "minor"

        def reading(raw: Any) -> int | None:
            if not minor:
                return money.minor(raw, currency)
            found = values.integer(raw, largest=2**62)
            return found if found is not None and found >= 0 else None

        return self._read("amount", how, "amount", moments.no_length, reading)

    def note(self, key: str, expression: str | None, raw: Any, understood: Any, why: str = "") -> None:
        self.findings.append(Finding(key, expression or "", raw, understood, why))

    def _chosen(self, key: str, how: Lookup[Word], raw: Any, found: Word | None, why: str) -> Word | None:
        if found is not None:
            self.note(key, how.from_, raw, found)
            return found
        if how.from_ is None:
            why = "always"
        elif how.otherwise is not None:
            why = f"otherwise: {why}"
        self.note(key, how.from_, raw, how.otherwise, why)
        return how.otherwise

    def _read(
        self,
        key: str,
        how: Found | None,
        what: str,
        absent: Callable[[Any], bool],
        reading: Callable[[Any], Value | None],
    ) -> Value | None:
        if how is None or how.from_ is None:
            return None
        raw = self._find(key, how.from_)
        found = None if absent(raw) else reading(raw)
        why = "" if found is not None else NOTHING if absent(raw) else f"this is no {what}"
        self.note(key, how.from_, raw, found, why)
        if found is None and not absent(raw):
            raise BadInput(f"{key}: {values.text(raw, 40) or type(raw).__name__!r} is no {what}", "bad_value")
        return found

    def _find(self, key: str, expression: str) -> Any:
        try:
            return _plain(search(expression, self._value))
        except BadInput as error:
            self.note(key, expression, None, None, str(error))
            raise BadInput(f"{key}: {error}", error.reason) from None

    def _optional(self, how: Found) -> Any:
        """For what a fact can do without: an expression that fails finds nothing."""
        try:
            return _plain(search(how.from_, self._value)) if how.from_ else None
        except BadInput:
            return None


def _plain(found: Any) -> Any:
    """An element of XML that has attributes is read as its text."""
    return found["#text"] if isinstance(found, dict) and "#text" in found else found


def _word(raw: Any, limit: int = values.TEXT_LIMIT) -> str | None:
    return str(raw).lower() if isinstance(raw, bool) else values.text(raw, limit)


def _unread(raw: Any, what: str) -> str:
    return f"this is no {what}" if true(raw) else NOTHING
