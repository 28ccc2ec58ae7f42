"""The body of a post, whatever the integrator chose, into records: name → value.

A form (also one that was not percent-encoded), JSON, AMI's own text, a table as a database prints it, or a query.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.ingest.providers import form, values
from services.ingest.providers.asterisk.record import names_a_call
from services.ingest.providers.base import Request
from services.kit.errors import BadInput

MOST_RECORDS: Final = 2_000
_AMI_LINE: Final = re.compile(r"\s*(?:\*+ \d+\. row \*+|[A-Za-z][\w.()-]{0,60}:(?:\s|$))")
_BREAK: Final = re.compile(r"\*+ \d+\. row \*+|-\[ RECORD \d+ \]-*\+?-*")
_RULE: Final = re.compile(r"[-+| ]+")
_LOST_PLUS: Final = re.compile(r" \d{6,15}")


def records(request: Request) -> list[Mapping[str, Any]]:
    """Raises: BadInput when the body holds no record."""
    found = list(_records(request))
    if not found:
        raise BadInput("the body holds no CDR and no event")
    if len(found) > MOST_RECORDS:
        raise BadInput(f"more than {MOST_RECORDS} records in one body", "too_large")
    return found


def _records(request: Request) -> Iterator[Mapping[str, Any]]:
    raw = request.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if raw.startswith((b"{", b"[")):
        yield from _of_json(values.load_json(raw))
        return
    text = raw.decode("utf-8", "replace")
    first = text.partition("\n")[0]
    if _AMI_LINE.match(first):
        yield from _of_lines(text)
    elif "|" in first.partition("=")[0] or first.startswith(("+-", "-[ RECORD")):
        yield from _of_table(text)
    else:
        yield from _of_form(raw or request.query.encode("utf-8", "replace"))


def _of_json(value: object) -> Iterator[Mapping[str, Any]]:
    """The object itself, or the objects of a list; one wrapped in another (``{"cdr": {…}}``) is taken out."""
    if isinstance(value, Mapping):
        inner = [] if names_a_call(value) else [one for member in value.values() for one in _objects(member)]
        yield from [one for one in inner if names_a_call(one)] or [value]
    elif isinstance(value, list):
        for one in value:
            yield from _of_json(one) if isinstance(one, Mapping) else ()


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Mapping):
            yield one


def _of_form(raw: bytes) -> Iterator[Mapping[str, Any]]:
    fields = {name: _with_plus(value) for name, value in form.pairs(raw) if name}
    if not names_a_call(fields):
        packed = next((value for value in fields.values() if value.lstrip().startswith(("{", "["))), None)
        if packed is not None:
            yield from _of_json(values.load_json(packed))
            return
    if any(fields.values()):
        yield fields


def _with_plus(value: str) -> str:
    """``+7…`` that was not percent-encoded arrives with a space for its plus."""
    return f"+{value[1:]}" if _LOST_PLUS.fullmatch(value) else value


def _of_lines(text: str) -> Iterator[Mapping[str, Any]]:
    """``Name: value`` lines, a blank line between records: AMI events, or rows of a database printed upright."""
    record: dict[str, str] = {}
    for line in [*text.splitlines(), ""]:
        if not line.strip() or _BREAK.fullmatch(line.strip()):
            if record:
                yield record
            record = {}
            continue
        name, colon, value = line.partition(":")
        if colon:
            record[name.strip()] = value.strip()


def _of_table(text: str) -> Iterator[Mapping[str, Any]]:
    lines = [line.strip() for line in text.splitlines()]
    if lines[0].startswith("-[ RECORD"):
        yield from _of_lines("\n".join(line.replace("|", ":", 1) for line in lines))
        return
    rows = [_cells(line) for line in lines if "|" in line and not _RULE.fullmatch(line)]
    for row in rows[1:]:
        yield dict(zip(rows[0], row, strict=False))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
