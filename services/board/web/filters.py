"""Query parameters of pages and API: each either valid or refused with 422, never a server error."""

from datetime import date as Date
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator

FIRST, LAST = Date(2000, 1, 1), Date(2100, 12, 31)


def _empty(value: Any) -> Any:
    return None if value == "" else value


def _sane(value: Date | None) -> Date | None:
    if value is not None and not FIRST <= value <= LAST:
        raise ValueError(f"a day between {FIRST} and {LAST}")
    return value


def _printable(value: str | None) -> str | None:
    if value is not None and "\x00" in value:
        raise ValueError("contains a NUL character")
    return value


Day = Annotated[
    Date | None,
    BeforeValidator(_empty),
    AfterValidator(_sane),
    Query(description="floor-local day, YYYY-MM-DD; default today"),
]
Slice = Annotated[
    str | None,
    BeforeValidator(_empty),
    AfterValidator(_printable),
    Query(max_length=16, description="name of a slice, such as 11:00"),
]
Team = Annotated[
    str | None, BeforeValidator(_empty), AfterValidator(_printable), Query(max_length=64, description="team id")
]
Agent = Annotated[
    str | None, BeforeValidator(_empty), AfterValidator(_printable), Query(max_length=64, description="agent id")
]
