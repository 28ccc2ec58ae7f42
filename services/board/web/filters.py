"""Query parameters of pages and API: each either valid or refused with 422, never a server error."""

from datetime import date as Date
from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, StringConstraints

FIRST, LAST = Date(2000, 1, 1), Date(2100, 12, 31)


def _empty(value: Any) -> Any:
    return None if value == "" else value


def _sane(value: Date | None) -> Date | None:
    if value is not None and not FIRST <= value <= LAST:
        raise ValueError(f"a day between {FIRST} and {LAST}")
    return value


def printable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("contains a NUL character")
    return value


SliceName = Annotated[str, StringConstraints(max_length=16), AfterValidator(printable)]
Name = Annotated[str, StringConstraints(max_length=64), AfterValidator(printable)]

Day = Annotated[
    Date | None,
    BeforeValidator(_empty),
    AfterValidator(_sane),
    Query(description="floor-local day, YYYY-MM-DD; default today"),
]
Slice = Annotated[SliceName | None, BeforeValidator(_empty), Query(description="name of a slice, such as 11:00")]
Team = Annotated[Name | None, BeforeValidator(_empty), Query(description="team id")]
Agent = Annotated[Name | None, BeforeValidator(_empty), Query(description="agent id")]
