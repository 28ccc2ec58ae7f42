"""The quality card and listening: the block ``quality`` of the floor file (DOMAIN §10)."""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, field_validator, model_validator

from schemas.floor.phrase import parse_phrase
from schemas.floor.strict import Share, Strict

Name = Annotated[str, Field(pattern=r"^[\w.@+-]+$", max_length=64)]
Where = tuple[str | int, ...]
NEGATORS = (
    *("не", "нет", "ни", "без", "никогда", "нельзя", "вряд"),
    *("not", "no", "never", "without", "cannot", "don't", "doesn't", "didn't", "won't", "can't", "isn't", "aren't"),
)


class Text(Strict):
    """In both languages; a text alone stands for both."""

    ru: str
    en: str

    def of(self, language: str) -> str:
        return self.ru if language == "ru" else self.en


def _both(value: Any) -> Any:
    return {"ru": value, "en": value} if isinstance(value, str) else value


def _said(value: Any) -> Any:
    return {"say": value} if isinstance(value, str) else value


_TEXT_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"ru": {"type": "string"}, "en": {"type": "string"}},
            "required": ["ru", "en"],
            "additionalProperties": False,
        },
    ]
}
Title = Annotated[Text, BeforeValidator(_both), WithJsonSchema(_TEXT_SCHEMA)]


class Phrase(Strict):
    """What is evidence when it is said. A text alone is ``say``."""

    say: str = Field(
        max_length=300, description="words in order, in any form; signs: (one|other), begin*, =exact, #, ..."
    )
    channel: Literal["agent", "customer", "any"] = "agent"
    within_s: float | None = Field(None, gt=0, description="only in the first so many seconds of the call")
    last_share: Share | None = Field(None, description="only in the last share of the call, such as 0.3")
    gap: int = Field(1, ge=0, le=10, description="other words allowed between two words of it")
    negation: Literal["reject", "allow"] = Field("reject", description="reject: with a negation before it, no evidence")

    @field_validator("say")
    @classmethod
    def _syntax(cls, value: str) -> str:
        parse_phrase(value)
        return value


Phrases = tuple[Annotated[Phrase, BeforeValidator(_said)], ...]


class Item(Strict):
    """One question of the card."""

    id: Name
    title: Title
    weight: float = Field(gt=0, le=100)
    critical: bool = Field(False, description="a 0 caps the score")
    stage: Name | None = Field(None, description="stage of the scenario; stages come in the order of the items")
    guidance: Title | None = None
    phrases: Phrases = ()


class Ban(Strict):
    """What must not happen; once a person confirms it, the score is 0."""

    id: Name
    title: Title
    guidance: Title | None = None
    phrases: Phrases = ()


class Zones(Strict):
    good: float = Field(80, gt=0, le=100)
    fair: float = Field(60, ge=0, lt=100)

    @model_validator(mode="after")
    def _ordered(self) -> "Zones":
        if self.fair >= self.good:
            raise ValueError("zones.fair must be below zones.good")
        return self


class Form(Strict):
    """A quality card. Whatever changes in it needs a greater ``version``: calls keep the one they were marked with."""

    id: Name
    version: int = Field(1, ge=1, le=10_000)
    title: Title
    teams: tuple[Name, ...] = Field((), description="who is marked by it; default whoever has no other")
    items: tuple[Item, ...]
    bans: tuple[Ban, ...] = ()
    zones: Zones = Zones()
    critical_cap: float = Field(59, ge=0, le=100, description="the most that a call with a critical 0 can get")
    negators: tuple[str, ...] = NEGATORS
    negation_window: int = Field(3, ge=0, le=20, description="words before a phrase in which a negation counts")

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.stage for item in self.items if item.stage))

    @property
    def key(self) -> tuple[str, int]:
        return self.id, self.version

    def item(self, id_: str) -> Item | None:
        return next((item for item in self.items if item.id == id_), None)


class Listening(Strict):
    """Which calls people hear, and what is made of their marks."""

    per_agent_week: int = Field(5, ge=1, le=100, description="calls of an agent to be heard in the days of days")
    days: int = Field(7, ge=1, le=31, description="the queue is drawn from the calls of so many days before")
    shown: int = Field(15, ge=1, le=1000, description="calls of the queue that the page lists at a time")
    random: Share = 0.4
    targeted: Share = 0.4
    reference: Share = 0.2
    seed: int = 0
    min_talk_s: float = Field(60, ge=0, description="shorter calls are not drawn at random: there is nothing to mark")
    aborted_s: float = Field(60, gt=0, description="targeted: answered, and over sooner than this")
    presented_within_s: float = Field(
        3600, ge=0, description="a presentation that names no call belongs to a call that ended at most so long before"
    )
    best_share: Share = Field(0.15, description="of a team: whose calls are heard as a reference")
    double_share: Share = Field(
        0.2, description="of the random calls: marked by two people who do not see each other's marks"
    )
    window_days: int = Field(28, ge=7, le=366, description="days back that an agent's score is made of")
    min_calls: int = Field(5, ge=2, description="fewer heard: too few to name a zone")
    spread: float = Field(
        25, gt=0, description="points by which calls of one agent usually differ (standard deviation)"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Listening":
        if abs(self.random + self.targeted + self.reference - 1) > 1e-9:
            raise ValueError("random, targeted and reference must add up to 1")
        return self


_CARD = Annotated[
    Annotated[str, Tag("[id]")] | Annotated[Form, Tag("[form]")],
    Discriminator(lambda value: "[id]" if isinstance(value, str) else "[form]"),
]


class Finding(Strict):
    """How transcripts are read. Transcripts that were read stay as they are."""

    pause_s: float = Field(2, ge=0, description="what one speaker says with shorter pauses is read as one stretch")
    quotes: int = Field(5, ge=1, le=100, description="quotes kept of one question")


class Hearing(Strict):
    """Which calls a task names, by its rung."""

    calls: int = Field(2, ge=0, le=20, description="calls in which the rung broke; a good one comes on top")
    pause_s: float = Field(600, gt=0, description="dials: conversations after which so long a pause came")
    at_once_s: float = Field(10, gt=0, description="answers: hung up sooner than this")
    cut_off_s: tuple[float, float] = Field((10, 60), description="long calls: cut off between these")
    belongs_s: float = Field(
        3600, ge=0, description="a presentation or an invoice that names no call came of one that ended so long before"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Hearing":
        if not 0 <= self.cut_off_s[0] < self.cut_off_s[1]:
            raise ValueError("hearing.cut_off_s must be two numbers in order")
        return self


class Quality(Strict):
    card: _CARD = Field("default", description="default, the id of one of forms, or a form described here")
    forms: tuple[Form, ...] = Field((), description="forms of particular teams")
    machines: tuple[str, ...] = Field((), description="authors of scores that are programs; machine… always is one")
    listening: Listening = Listening()
    hearing: Hearing = Hearing()
    reading: Finding = Finding()
    certainty: float = Field(0.95, gt=0.5, lt=1, description="of the intervals of scores, stages and agreement")
    min_pairs: int = Field(5, ge=1, description="calls marked by two people; with fewer the agreement is not named")

    def is_machine(self, by: str) -> bool:
        """Whether this author of a score is a program: shown, and counted neither as a score nor as an opinion."""
        return by.startswith("machine") or by in self.machines

    def described(self) -> tuple[Form, ...]:
        return (*self.forms, *((self.card,) if isinstance(self.card, Form) else ()))


def quality_problems(quality: Quality, teams: Collection[str]) -> Iterator[tuple[Where, str]]:
    """Yields (path, what): weights, doubles, references."""
    places: list[tuple[Where, Form]] = [(("quality", "forms", at), form) for at, form in enumerate(quality.forms)]
    if isinstance(quality.card, Form):
        places.append((("quality", "card"), quality.card))
    elif quality.card != "default" and quality.card not in {form.id for form in quality.forms}:
        yield ("quality", "card"), f"no form {quality.card!r}; give default, or describe it in forms"
    ids: set[str] = set()
    owners: dict[str, str] = {}
    for where, form in places:
        if form.id == "default":
            yield (*where, "id"), "'default' is the form that comes with the product; choose another id"
        elif form.id in ids:
            yield (*where, "id"), f"{form.id!r} is used twice"
        ids.add(form.id)
        for team in form.teams:
            if team not in teams:
                yield (*where, "teams"), f"no team {team!r}"
            elif team in owners:
                yield (*where, "teams"), f"{team!r} has the form {owners[team]!r} already"
            owners.setdefault(team, form.id)
        yield from _form_problems(where, form)


def _form_problems(where: Where, form: Form) -> Iterator[tuple[Where, str]]:
    total = sum(item.weight for item in form.items)
    if not form.items:
        yield (*where, "items"), "a form needs at least one item"
    elif abs(total - 100) > 1e-6:
        yield (*where, "items"), f"weights add up to {total:g}, not to 100"
    counted = Counter([*(item.id for item in form.items), *(ban.id for ban in form.bans)])
    seen: set[str] = set()
    blocks: tuple[tuple[str, tuple[Item | Ban, ...]], ...] = (("items", form.items), ("bans", form.bans))
    for block, entries in blocks:
        for at, entry in enumerate(entries):
            if counted[entry.id] > 1 and entry.id in seen:
                yield (*where, block, at, "id"), f"{entry.id!r} is used twice"
            seen.add(entry.id)
