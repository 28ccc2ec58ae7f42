"""``sources[].map``: how the bodies of any system become facts, by JMESPath expressions (provider ``mapped``).

Where a key takes an expression, ``key: expression`` is short for ``key: {from: expression}``.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.facts import Direction, Disposition, HangupBy
from schemas.floor.expression import LONGEST, Expression
from schemas.floor.strict import Strict

Word = TypeVar("Word")
FactKind = Literal["call", "presentation", "invoice", "payment", "refund"]
TIME_FORMATS: Final = ("auto", "epoch_s", "epoch_ms", "iso")
_SAMPLE: Final = datetime(2026, 11, 23, 21, 5)  # noqa: DTZ001 - a wall clock, as a pattern sees it


def _format(value: str) -> str:
    if value in TIME_FORMATS:
        return value
    if "%" not in value:
        raise ValueError(f'{value!r} is none of {", ".join(TIME_FORMATS)}, nor a pattern such as "%d.%m.%Y %H:%M:%S"')
    try:
        pattern = value.replace("%z", "+0300").replace("%Z", "UTC")
        understood = datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007
    except (ValueError, re.error) as error:
        raise ValueError(f"{value!r} is no pattern of strptime: {error}") from error
    if understood.replace(second=0) != _SAMPLE:
        raise ValueError(f"{value!r} must tell year, month, day, hour and minute")
    return value


TimeFormat = Annotated[str, AfterValidator(_format), Field(max_length=100)]


class Found(Strict):
    """One expression, and how what it finds is read."""

    from_: Expression | None = Field(None, alias="from")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"from": value}
        if not isinstance(value, dict | cls):
            raise ValueError("give an expression, or {from: an expression, …}")  # noqa: TRY004 - pydantic wants it
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler.resolve_ref_schema(handler(core))
        short = {"type": "string", "minLength": 1, "maxLength": LONGEST, "description": "JMESPath"}
        return {"anyOf": [short, made], "title": made.get("title", cls.__name__)}


def _words(value: Any) -> Any:
    """Their words are compared without regard to case; what YAML reads as true or 16 is the word again."""
    if not isinstance(value, dict):
        return value
    return {str(theirs).strip().lower(): ours for theirs, ours in value.items()}


class Lookup(Found, Generic[Word]):
    """A word. ``table``: theirs → ours. ``otherwise``: when nothing is found, or a word that is not in the table."""

    table: Annotated[dict[str, Word], BeforeValidator(_words)] = Field({})
    otherwise: Word | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.from_ is None and self.otherwise is None:
            raise ValueError("give from, an expression, or otherwise, a word that is always meant")
        return self


def _digits(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class TextLookup(Lookup[Annotated[str, BeforeValidator(_digits)]]):
    pass


class CodeLookup(Lookup[int]):
    pass


class DirectionLookup(Lookup[Direction]):
    pass


class DispositionLookup(Lookup[Disposition]):
    pass


class HangupLookup(Lookup[HangupBy]):
    pass


class Read(Found):
    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.from_ is None:
            raise ValueError("from, an expression, is missing")
        return self


class Moment(Read):
    format: TimeFormat | None = Field(None, description="default: map.time_format")


class Length(Read):
    unit: Literal["s", "ms"] = Field("s", description="of a plain number; 00:01:05 and 1:05 are read as they stand")


class Amount(Read):
    unit: Literal["major", "minor"] = Field("major", description="minor: kopecks, cents")


class Rule(Strict):
    """One kind of fact that a body may hold."""

    fact: FactKind
    each: Expression | None = Field(None, description="the list whose members are read; default: the body itself")
    when: Expression | None = Field(None, description="only members for which this is true are read")
    id: Expression = Field(description="their own id of the call, deal, invoice or payment: the same when told again")
    identity: TextLookup | None = Field(None, description="who: as listed in agents[].identities")

    started_at: Moment | None = None
    answered_at: Moment | None = None
    ended_at: Moment | None = None
    total_s: Length | None = Field(None, description="start → end, with ringing")
    ring_s: Length | None = Field(None, description="start → answer, or → end when nobody answered")
    talk_s: Length | None = Field(None, description="answer → end; never a length rounded for billing")
    direction: DirectionLookup | None = None
    disposition: DispositionLookup | None = None
    hangup_by: HangupLookup | None = None
    line: TextLookup | None = None
    did: TextLookup | None = None
    campaign: TextLookup | None = None
    customer: TextLookup | None = Field(None, description="the outside number; kept as a keyed hash only")
    recording_url: TextLookup | None = None
    q850: CodeLookup | None = None
    sip_status: CodeLookup | None = None

    at: Moment | None = None
    deal: TextLookup | None = None
    invoice: TextLookup | None = None
    payment: TextLookup | None = Field(None, description="of a refund: the id of the payment that it gives back")
    call: TextLookup | None = Field(None, description="of a presentation: the id of the call it was made in")
    amount: Amount | None = None
    currency: TextLookup | None = Field(None, description="default: the source's")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None} - _ALWAYS
        strange = sorted(given - KEYS[self.fact])
        if strange:
            raise ValueError(f"a {self.fact} has no {', '.join(strange)}")
        for group in _NEEDED[self.fact]:
            if not given & set(group):
                one = f"one of {', '.join(group)}" if len(group) > 1 else group[0]
                raise ValueError(f"a {self.fact} needs {one}")
        return self


_ALWAYS: Final = {"fact", "each", "when", "id", "identity"}
KEYS: Final[dict[str, set[str]]] = {
    "call": {
        *("started_at", "answered_at", "ended_at", "total_s", "ring_s", "talk_s", "direction", "disposition"),
        *("hangup_by", "line", "did", "campaign", "customer", "recording_url", "q850", "sip_status"),
    },
    "presentation": {"at", "deal", "call"},
    "invoice": {"at", "deal", "amount", "currency"},
    "payment": {"at", "deal", "invoice", "amount", "currency"},
    "refund": {"at", "deal", "invoice", "payment", "amount", "currency"},
}
_NEEDED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "call": (
        ("direction",),
        ("started_at", "answered_at", "ended_at"),
        ("talk_s", "answered_at", "ring_s"),  # else an answered call would have no length of talk
    ),
    "presentation": (("at",),),
    "invoice": (("at",), ("amount",)),
    "payment": (("at",), ("amount",)),
    "refund": (("at",), ("amount",)),
}


class Signature(Strict):
    """An HMAC over the raw body, keyed by ``secrets.signing``."""

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$", max_length=100)
    algorithm: Literal["sha256", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", max_length=40, description='what stands before it in the header, such as "sha256="')


class Mapping(Strict):
    format: Literal["auto", "json", "form", "xml", "query"] = Field("auto", description="auto: by its first sign")
    field: str | None = Field(None, description="the field whose text is the real body, such as payload")
    namespaces: dict[str, str] = Field(
        {}, description="XML: our prefix → their URI; those names become prefix:name, all others stand bare"
    )
    time_format: TimeFormat = "auto"
    signature: Signature | None = None
    rules: tuple[Rule, ...] = Field(json_schema_extra={"minItems": 1})

    @field_validator("rules")
    @classmethod
    def _some(cls, value: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if not value:
            raise ValueError("give at least one rule")
        return value

    @field_validator("namespaces")
    @classmethod
    def _plain_prefixes(cls, value: dict[str, str]) -> dict[str, str]:
        for prefix in value:
            if not re.fullmatch(r"[A-Za-z_][\w.-]*", prefix):
                raise ValueError(f"{prefix!r} is no prefix of XML")
        return value
