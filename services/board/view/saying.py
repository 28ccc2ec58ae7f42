"""Puts an alert into sentences: what happened, whose it is, by what it is seen, what it rules out.

Evidence is read leniently: a field that is missing or odd is left out of the sentence, never guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any, cast

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.board.storage.alerts import Alert
from services.board.view.checks import Checks, checks
from services.board.view.people import named
from services.board.words import Words
from services.rules.lasted import between, lasted

WINDOWS = (
    "answer_rate", "bad_numbers", "no_progress", "short_calls", "workplace_audio", "crm_silence", "efficiency_drop",
)  # fmt: skip
SHAPES = {"outage": "technical", "data": "technical", "efficiency": "soft"}


@dataclass(frozen=True, slots=True)
class Said:
    """One alert in words. ``tone`` is a colour word of the style sheet."""

    alert: Alert
    tone: str
    title: str
    evidence: str
    verdict: str
    rules_out: tuple[str, ...]
    checks: Checks
    affected: str
    again: str
    numbers: tuple[tuple[str, str], ...]
    began: datetime
    ended: datetime | None
    """From when to when the trouble lasted, as every message says it (rules.lasted)."""
    history: tuple[tuple[datetime, str], ...]
    owner: str
    held: str
    """Why nobody was told, or that it was told below another; empty when it had a message of its own."""
    because: str
    """The alert that speaks for it, explains it, or in whose thread it was told; empty when there is none."""
    """When a state came, in words; one that only came with another verdict says the verdict."""


def say(alert: Alert, floor: Floor, w: Words, affected: int = 0) -> Said:
    """*affected*: agents who lost time to it."""
    evidence, span = alert.row.evidence, lasted(alert.row.evidence, alert.row.fired_at, alert.row.resolved_at)
    names = {} if floor.board.hide_names else floor.names
    return Said(
        alert=alert,
        tone=SHAPES.get(alert.row.kind, "soft") if alert.open else "calm",
        title=scope(alert.row.scope, floor, w),
        evidence="; ".join(_evidence(alert, floor, w)),
        verdict=w.known("verdict", alert.row.verdict) if w.has(f"verdict.{alert.row.verdict}") else alert.row.verdict,
        rules_out=tuple(w.known("rules_out", word) for word in _texts(evidence.get("rules_out"))),
        checks=checks(alert.detector, evidence, w),
        affected=f"{w('say.affected', n=affected)}; {w('say.tasks_lifted')}" if affected else "",
        again=w("trouble.again", n=alert.repeats) if alert.repeats > 1 else "",
        numbers=tuple(flat(evidence)),
        began=span.began,
        ended=span.ended,
        history=tuple(_history(alert, names, w)),
        owner=named(alert.owner, names, w) if alert.owner else "",
        held=w.known("held", alert.held.partition(":")[0]) if alert.held else w("held.below") if alert.below else "",
        because=_because(alert),
    )


def from_to(one: Said, w: Words, date: Date, now: datetime) -> str:
    """``14:31–14:52, 21 мин``, ``с 14:31, 24 мин``; instants of other days than *date* with theirs."""

    def told(instant: datetime) -> str:
        return w.clock(instant) if w.local(instant).date() == date else w.day_and_clock(instant)

    length = w.about(60 * between(one.began, one.ended or now, w.zone))
    if one.ended is None:
        return w("alerts.since", since=told(one.began), length=length)
    return w("alerts.from_to", since=told(one.began), until=told(one.ended), length=length)


def _because(alert: Alert) -> str:
    word, _, by = (alert.held or "").partition(":")
    return by if word in ("grouped", "inhibited") else alert.below or ""


def _history(alert: Alert, names: Mapping[str, str], w: Words) -> Iterator[tuple[datetime, str]]:
    before = None
    for step in alert.history:
        if step.what and w.has(f"alert.did.{step.what}"):
            said = w(f"alert.did.{step.what}") + (f", {named(step.by, names, w)}" if step.by else "")
            yield step.at, f"{said}: {step.note}" if step.note else said
        elif before is None or step.state != before.state:
            yield step.at, w.known("alert.went", step.state)
        elif step.verdict != before.verdict:
            yield step.at, w.known("verdict", step.verdict)
        before = step


def scope(text: str, floor: Floor, w: Words) -> str:
    """``line:mango-main/trunk-b`` → ``Линия mango-main/trunk-b``; teams and agents by their names."""
    kind, _, name = text.partition(":")
    if kind == "team" and name in floor.team_by_id:
        name = floor.team_by_id[name].title
    elif kind == "agent" and name in floor.agent_by_id:
        number = [agent.id for agent in floor.agents].index(name) + 1
        name = w("agents.number", n=number) if floor.board.hide_names else floor.agent_by_id[name].title
    if kind == "floor":
        name = floor.title
    return w(f"scope.{kind}", name=name) if w.has(f"scope.{kind}") else text


def _evidence(alert: Alert, floor: Floor, w: Words) -> list[str]:
    seen = alert.row.evidence
    since = w.clock(lasted(seen, alert.row.fired_at, None).began)
    parts: list[str] = []
    failures, attempts = seen.get("failures"), seen.get("attempts")
    if isinstance(failures, int):
        if seen.get("path") == "in_a_row" or not isinstance(attempts, int):
            parts.append(w("say.in_a_row", n=failures, since=since) + _codes(seen.get("codes")))
        else:
            parts.append(w("say.tail", n=failures, attempts=w.num(attempts), since=since) + _codes(seen.get("codes")))
        total, base = seen.get("total_failures"), seen.get("base")
        if isinstance(total, int) and total > failures:
            parts.append(w("say.total", n=total))
        if isinstance(base, int | float):
            parts.append(w("say.base", base=w.share(base, 1)))
    if alert.detector in WINDOWS:
        return [*parts, *_window(alert.detector, seen, w)]
    expected = seen.get("expected")
    if isinstance(expected, int | float):
        parts.append(w("say.silence", n=round(expected), since=since))
    parts += _steps(seen.get("steps"), floor, w)
    parts += _drops(seen, floor, w)
    return parts


def _window(detector: str, seen: Mapping[str, Any], w: Words) -> Iterator[str]:
    """What a finding over windows saw; numbers that are missing leave their sentence out."""

    def num(name: str, digits: int = 0) -> str:
        return w.num(_number(seen.get(name)), digits)

    if detector == "answer_rate":
        yield w("say.answered", answered=num("answered"), attempts=num("attempts"), expected=num("expected"))
    elif detector == "bad_numbers":
        yield w("say.bad_numbers", bad=num("bad"), attempts=num("attempts"))
        if isinstance(seen.get("base"), int | float):
            yield w("say.base", base=w.share(seen["base"], 1))
    elif detector == "no_progress" and seen.get("why") == "slow":
        yield w("say.slow", now=num("ring_p95_s"), usual=num("usual_p95_s"))
    elif detector == "no_progress":
        yield w("say.stuck", stuck=num("stuck"), attempts=num("attempts"))
    elif detector == "crm_silence":
        yield w("say.crm", feed=w.known("feed", str(seen.get("feed"))), expected=num("expected"))
    elif detector == "efficiency_drop" and seen.get("step") in STEPS:
        yield w("say.fewer", step=w(f"step.{seen['step']}"), done=num("done"), expected=num("expected"))
    elif detector in ("short_calls", "workplace_audio"):
        yield w("say.short", short=num("short"), answered=num("answered"))
        if isinstance(seen.get("base"), int | float):
            yield w("say.base", base=w.share(seen["base"], 0))


def _steps(steps: Any, floor: Floor, w: Words) -> list[str]:
    if not isinstance(steps, list):
        return []
    below = w.num(floor.judgement.soft.below, 1)
    return [
        f"{w('step.' + one['step'])}: "
        + w("say.efficiency", index=w.num(one["index"], 2), sure=w.sure(one["p_below"]), below=below)
        for one in steps
        if isinstance(one, dict)
        and one.get("step") in STEPS
        and isinstance(one.get("index"), int | float)
        and isinstance(one.get("p_below"), int | float)
    ]


def _drops(seen: Mapping[str, Any], floor: Floor, w: Words) -> list[str]:
    """A team's pace of one slice against its own before."""
    drops, numbers = seen.get("drops"), ("done", "target", "before_done", "before_target", "p_drop")
    if not isinstance(drops, list):
        return []
    return [
        f"{w('step.' + one['step'])}: "
        + w(
            "say.drop",
            slice=seen.get("slice", ""),
            done=w.num(one["done"]),
            target=w.due(one["target"]),
            before=w.num(one["before_done"]),
            before_target=w.due(one["before_target"]),
            sure=w.sure(one["p_drop"]),
            below=w.num(floor.judgement.drop.below, 1),
        )
        for one in drops
        if isinstance(one, dict)
        and one.get("step") in STEPS
        and all(isinstance(one.get(name), int | float) for name in numbers)
    ]


def _codes(codes: Any) -> str:
    if not isinstance(codes, dict) or not codes:
        return ""
    most = sorted(codes.items(), key=lambda item: (-_number(item[1]), item[0]))[:2]
    return " (" + ", ".join(str(code) for code, _ in most) + ")"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _texts(value: Any) -> Sequence[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list | tuple) else []


def flat(evidence: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Every number of the evidence as (name, value), for those who want to check."""
    found: list[tuple[str, str]] = []
    for name, value in evidence.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found += flat(cast("Mapping[str, Any]", value), f"{path}.")
        elif isinstance(value, list):
            found.append((path, ", ".join(str(item) for item in value)))
        else:
            found.append((path, "—" if value is None else str(value)))
    return found


def doubt(reason: Any, w: Words) -> str:
    """A reason of the trust gate: ``silent:mango-main`` → «молчит источник mango-main»."""
    word, _, about = str(reason).partition(":")
    source, _, time = about.partition("@")
    if not w.has(f"trust.{word}"):
        return str(reason)
    named: dict[str, Any] = {"source": source, **({"time": time} if time else {})}
    return w(f"trust.{word}", **named)


def doubts(reasons: Mapping[Step, Sequence[Any]], w: Words) -> list[tuple[str, str]]:
    """(steps, reason): a reason that holds for every step is said once."""
    by_reason: dict[str, list[str]] = {}
    for step in STEPS:
        for reason in reasons.get(step, ()):
            by_reason.setdefault(doubt(reason, w), []).append(w(f"step.{step}"))
    whole = len(STEPS)
    return [
        (w("trust.all_steps") if len(steps) == whole else ", ".join(steps), reason)
        for reason, steps in by_reason.items()
    ]
