"""The living message of a finding over windows: a number, a list, a slow line, a workplace, the CRM, a drop."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.alerts.wording import handling
from services.alerts.wording.content import Content, Section
from services.alerts.wording.language import Language

Payload = Mapping[str, Any]


def window(payload: Payload, words: Language) -> Content:
    detector, verdict, state = payload["detector"], payload["verdict"], payload["state"]
    evidence = payload["evidence"]
    since = words.at(datetime.fromisoformat(evidence["since"]))
    named = {"what": subject(payload, words), "since": since}
    people = len(payload["technical"])
    sections: list[Section] = []
    if state == "invalidated":
        title = words.say("window.title.invalidated", **named)
        if (payload.get("acted") or {}).get("what") != "technical":
            sections.append(Section((words.say("line.invalidated"),)))
    elif state == "resolved":
        ended = datetime.fromisoformat(evidence.get("until") or payload["resolved_at"])
        until = words.at(ended).split()[-1]
        how = {"day": "closed", "other": "other"}.get(payload.get("ended_by") or "", "resolved")
        span = words.span(datetime.fromisoformat(evidence["since"]), ended)
        title = words.say(f"window.title.{how}", **named, until=until, span=span)
        sections.append(Section((numbers(detector, evidence, words), _whose(verdict, words))))
    else:
        title = words.say(f"window.title.{detector}", **named)
        p = chance_of(evidence)
        told = () if p is None else (words.say("chance", n=words.chance(p)),)
        sections.append(Section((numbers(detector, evidence, words), *told)))
        sections.append(Section((_whose(verdict, words),)))
        sections.append(Section((words.say("do", what=words.say(f"window.do.{verdict}")),)))
    if people and state != "invalidated":
        key = "line.technical.over" if state == "resolved" else "line.technical"
        sections.append(Section((words.say(key, people=words.count(people, "people"), since=since),)))
    if state in handling.OPEN and evidence.get("rules_out"):
        out = ", ".join(words.say(f"out.{one}") for one in evidence["rules_out"])
        sections.append(Section((words.say("line.evidence.out", what=out),)))
    return handling.living(title, sections, payload, words)


def subject(payload: Payload, words: Language) -> str:
    """What it is about, in words."""
    kind = payload["scope"].partition(":")[0]
    return words.say(f"window.what.{kind}", name=_name(payload, words), source=payload["evidence"].get("source", ""))


def _name(payload: Payload, words: Language) -> str:
    if "feed" in payload["evidence"]:
        return words.say(f"step.{payload['evidence']['feed']}").lower()
    return str(payload["name"])


def _whose(verdict: str, words: Language) -> str:
    return words.say(f"report.verdict.{verdict}") + "."


def numbers(detector: str, evidence: Mapping[str, Any], words: Language) -> str:
    """What was seen against what is usual, in one sentence."""
    match detector:
        case "answer_rate":
            return words.say(
                "window.seen.answer_rate",
                answered=words.number(evidence["answered"]),
                attempts=words.count(evidence["attempts"], "of_attempts"),
                expected=words.number(evidence["expected"]),
            )
        case "bad_numbers":
            return words.say(
                "window.seen.bad_numbers",
                bad=words.number(evidence["bad"]),
                attempts=words.count(evidence["attempts"], "of_attempts"),
                base=words.percent(evidence["base"], 1),
            )
        case "no_progress" if evidence["why"] == "slow":
            return words.say(
                "window.seen.slow",
                now=words.number(evidence["ring_p95_s"] or 0),
                usual=words.number(evidence["usual_p95_s"]),
            )
        case "no_progress":
            return words.say(
                "window.seen.stuck",
                stuck=words.number(evidence["stuck"]),
                attempts=words.count(evidence["attempts"], "of_attempts"),
                base=words.percent(evidence["base"], 1),
            )
        case "short_calls" | "workplace_audio":
            return words.say(
                f"window.seen.{detector}",
                short=words.number(evidence["short"]),
                answered=words.number(evidence["answered"]),
                base=words.percent(evidence["base"], 0),
            )
        case "crm_silence":
            return words.say(
                "window.seen.crm_silence",
                answered=words.count(evidence["answered"], "calls"),
                expected=words.number(evidence["expected"]),
            )
        case _:
            return words.say(
                "window.seen.efficiency_drop",
                step=words.say(f"step.{evidence['step']}"),
                done=words.number(evidence["done"]),
                expected=words.number(evidence["expected"]),
            )


def chance_of(evidence: Mapping[str, Any]) -> float | None:
    """The chance of what the message tells in normal work: of late answers their own, which alerts of earlier versions do
    not name (None then); ``p_value`` is that of attempts that never rang."""
    found = evidence.get("p_slow") if evidence.get("why") == "slow" else evidence["p_value"]
    return None if found is None else min(float(found), 1.0)
