"""The proposal as a file: what ``srez norms propose`` writes, and ``apply`` reads (JSON, floats to six decimals)."""

from collections.abc import Sequence
from datetime import date as Date
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from schemas.floor import Floor, FloorError, Problem, Segment
from schemas.floor.edit_norms import Norm, Reviewed, place, with_norms
from schemas.floor.learned import Learned
from schemas.steps import Step
from services.kit.errors import BadInput
from services.local.norms.looked import Looked
from services.rules.calibration import Calibrated, calibrate
from services.rules.day import working_day
from services.rules.history import standard_bins
from services.rules.intraday import Curve, curves
from services.rules.proposal import Proposal, propose


class Paper(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """``from`` … ``until``: the first and last working day looked at, ``days`` of them. ``floor_version``: whose norms these
    were, None when they came from a file. ``review``: the settings by which they were reviewed."""

    floor: str
    floor_version: int | None
    proposed_on: Date
    from_: Date
    until: Date
    days: int
    review: dict[str, Any]
    norms: list[Proposal]
    curves: list[Curve]
    judgement: list[Calibrated] = []


def write(looked: Looked, proposed_on: Date) -> Paper:
    """A proposal on what was looked at, at least one day."""
    floor, last = looked.floor, working_day(looked.floor, looked.dates[-1])
    norms = propose(floor, looked.days, last.standard_min)
    moved = floor.model_copy(update={"norms": with_norms(floor.norms, _changes(norms))})
    return Paper(
        floor.floor,
        looked.version,
        proposed_on,
        looked.dates[0],
        looked.dates[-1],
        len(looked.dates),
        floor.review.model_dump(mode="json"),
        norms,
        curves(floor, looked.days, standard_bins(last, floor.zone)),
        calibrate(moved, looked.days, last.standard_min),
    )


def encode(paper: Paper) -> bytes:
    plain = msgspec.to_builtins(paper, enc_hook=lambda segment: segment.model_dump(exclude_none=True))
    return msgspec.json.format(msgspec.json.encode(_rounded(plain)), indent=2) + b"\n"


def decode(raw: bytes) -> Paper:
    """Raises: BadInput."""
    try:
        return msgspec.json.decode(raw, type=Paper, dec_hook=lambda _, plain: Segment.model_validate(plain))
    except (msgspec.DecodeError, msgspec.ValidationError, ValidationError, UnicodeDecodeError) as error:
        told = str(error).splitlines()[0]
        raise BadInput(f"this is no file that `srez norms propose --out` wrote: {told}") from error


def changes(paper: Paper, applied: Date | None = None) -> list[Norm]:
    """The norms it proposes; with the day they are *applied* on, also where they come from."""
    norms = _changes(paper.norms)
    if applied is None:
        return norms
    proposed = (one for one in paper.norms if one.per_day is not None)
    return [
        norm._replace(reviewed=Reviewed(paper.from_, paper.until, one.days, len(one.members), applied))
        if one.days and one.members  # a person may have taken them out of the file
        else norm
        for norm, one in zip(norms, proposed, strict=True)
    ]


def _changes(norms: Sequence[Proposal]) -> list[Norm]:
    return [
        Norm(one.for_, one.weekdays, one.step, one.per_day, one.reference) for one in norms if one.per_day is not None
    ]


CURVE_DIGITS: Final = 3


def learned_curves(paper: Paper) -> dict[Step, dict[str, float]]:
    """The curves it proposes: of steps of which enough is known; the others keep what the floor file says."""
    return {
        one.step: {clock: round(weight, CURVE_DIGITS) for clock, weight in one.weights.items()}
        for one in paper.curves
        if not one.flat
    }


def learned(paper: Paper) -> list[Learned]:
    """What it learned of teams' people; the others keep what the floor file says."""
    return [
        Learned.model_validate(
            {
                "for": {"team": one.team},
                "step": one.step,
                "prior_cv": round(one.prior_cv, 3),
                "overdispersion": round(one.overdispersion, 3),
                "mean": round(one.mean, 3),
            }
        )
        for one in paper.judgement
        if one.prior_cv is not None and one.overdispersion is not None and one.mean is not None
    ]


def check(paper: Paper, floor: Floor) -> None:
    """Raises: FloorError when *floor* is another, or its norms are no longer those the proposal was made against (nor
    those it proposes): a review moves a norm once."""
    if paper.floor != floor.floor:
        raise FloorError(
            [Problem(1, "floor", f"the proposal is for floor {paper.floor!r}, this one is {floor.floor!r}")]
        )
    problems = []
    for one, norm in zip((one for one in paper.norms if one.per_day is not None), changes(paper), strict=True):
        at = place(floor.norms, norm, "per_day")
        here = None if at is None else floor.norms[at].per_day.get(norm.step)
        if not _is(here, one.now) and not _is(here, one.per_day):
            told = f"is {_told(here)}; the proposal was made when it was {_told(one.now)}. Propose again"
            problems.append(Problem(1, f"norms[{named(one.for_, one.weekdays)}].per_day.{one.step}", told))
    if problems:
        raise FloorError(problems)


def named(segment: Segment, weekdays: Sequence[str] | None) -> str:
    """``team hunters fri``."""
    whom = next(f"{kind} {name}" for kind, name in segment if name is not None)
    return f"{whom} {','.join(weekdays)}" if weekdays else whom


def _is(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) < 1e-6


def _told(number: float | None) -> str:
    return "not there" if number is None else f"{number:g}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
