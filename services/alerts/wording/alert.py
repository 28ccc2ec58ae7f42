"""The living message of an alert, and the details in its thread."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.alerts.wording import handling
from services.alerts.wording.calls import calls
from services.alerts.wording.content import Content, Section
from services.alerts.wording.language import Language

LISTED: Final = 8
"""So many codes, agents or calls are named; the rest is counted."""

Payload = Mapping[str, Any]


def line(payload: Payload, words: Language) -> Content:
    verdict = payload["verdict"]
    if payload["state"] == "invalidated":
        return handling.living(_line_title(payload, words), _after(payload, words), payload, words)
    people = len(payload["technical"])
    told = _line_numbers(payload, words)
    whose = [_whose_line(payload, words)]
    over = payload["state"] == "resolved"
    if people:
        key = "line.technical.over" if over else "line.technical"
        whose.append(words.say(key, people=words.count(people, "people"), since=words.at(_since(payload))))
    sections = [Section(tuple(told)), Section(tuple(whose)), *_after(payload, words)]
    if not over:
        known = verdict if f"line.do.{verdict}" in DO_LINE else "undetermined"
        sections.append(Section((words.say("do", what=words.say(f"line.do.{known}")),)))
    return handling.living(_line_title(payload, words), sections, payload, words)


def _line_numbers(payload: Payload, words: Language) -> list[str]:
    evidence = payload["evidence"]
    failures = max(evidence.get("total_failures", 0), evidence["failures"])
    usual = words.percent(evidence["base"], 0 if evidence["base"] >= 0.01 else 1)
    codes = _codes(evidence, words)
    if payload["state"] == "resolved":
        return [words.say("line.what.over", failures=words.count(failures, "failure"), codes=codes, base=usual)]
    told = [
        words.say(
            "line.what",
            failures=words.count(evidence["failures"], "failure"),
            attempts=words.count(evidence["attempts"], "of_attempts"),
            codes=codes,
            base=usual,
        )
    ]
    if failures > evidence["failures"]:
        told.append(words.say("line.total", failures=words.count(failures, "failure")))
    return [*told, words.say("chance", n=words.chance(_p(evidence)))]


DO_LINE: Final = ("line.do.line", "line.do.floor", "line.do.workplace", "line.do.undetermined")


def _line_title(payload: Payload, words: Language) -> str:
    evidence, verdict, since = payload["evidence"], payload["verdict"], _since(payload)
    named = {"line": payload["line"], "agent": payload.get("agent") or "", "since": words.at(since)}
    if payload["state"] == "invalidated":
        return words.say("line.title.invalidated", **named)
    if payload["state"] == "resolved":
        if payload.get("ended_by") in ("day", "other"):
            return words.say("line.title.closed" if payload["ended_by"] == "day" else "line.title.other", **named)
        until = _instant(evidence.get("until") or payload["last_failure"])
        suffix = f".{verdict}" if verdict in ("workplace", "floor") else ""
        last = words.at(until).split()[-1]
        return words.say(f"line.title.resolved{suffix}", **named, until=last, span=words.span(since, until))
    failures = max(evidence.get("total_failures", 0), evidence["failures"])
    if verdict in ("workplace", "floor"):
        return words.say(f"line.title.{verdict}", **named, failures=words.count(failures, "failure"))
    if evidence["path"] == "in_a_row":
        noun = "failure_in_a_row" if failures == evidence["failures"] else "failure"
        return words.say("line.title.in_a_row", **named, failures=words.count(failures, noun))
    return words.say(
        "line.title.tail",
        **named,
        failures=words.count(evidence["failures"], "failure"),
        attempts=words.count(evidence["attempts"], "of_attempts"),
    )


def _whose_line(payload: Payload, words: Language) -> str:
    verdict, rules_out = payload["verdict"], payload["evidence"].get("rules_out", ())
    if verdict == "line":
        key = "line.whose.line.others" if "other_lines" in rules_out else "line.whose.line"
        named = len([one for one in payload["evidence"].get("failures_by_agent", {}) if one])
        hit = max(1, payload["evidence"].get("agents", 0), named)
        return words.say(key, people=words.count(hit, "of_people"))
    return words.say(f"line.whose.{verdict if verdict in ('floor', 'workplace') else 'undetermined'}")


def _after(payload: Payload, words: Language) -> list[Section]:
    """What changed since: recovery, no data, why it ended."""
    if payload["state"] == "invalidated":
        return [Section((words.say("line.invalidated"),))] if by_data(payload) else []
    if payload["state"] == "resolved":
        return [Section((words.say("line.day_end"),))] if payload.get("ended_by") == "day" else []
    phase = payload.get("phase")
    if phase == "recovering":
        last = _instant(payload["last_failure"])
        span = words.count(round(payload["recover_s"] / 60), "minute")
        return [Section((words.say("line.phase.recovering", last=words.at(last), span=span),))]
    if phase == "no_data":
        return [Section((words.say("line.phase.no_data"),))]
    return []


def line_details(payload: Payload, words: Language) -> Content:
    evidence, names = payload["evidence"], payload.get("names", {})
    told = [
        words.say(
            "line.evidence.window",
            fired=words.at(_instant(payload["fired_at"])),
            failures=words.count(evidence["failures"], "failure"),
            attempts=words.count(evidence["attempts"], "of_attempts"),
        ),
        words.say("line.evidence.base", base=words.percent(evidence["base"], 1)),
        words.say("line.evidence.p", p=scientific(_p(evidence), words)),
        words.say("line.evidence.codes", codes=_codes(evidence, words)),
    ]
    by_agent = {names.get(one, one): count for one, count in evidence.get("failures_by_agent", {}).items() if one}
    if by_agent:
        told.append(words.say("line.evidence.agents", agents=tally(by_agent, words)))
    if evidence.get("ok_by_others"):
        told.append(words.say("line.evidence.ok", ok=words.count(evidence["ok_by_others"], "attempt_ok")))
    told.append(calls(evidence, words))
    if evidence.get("rules_out"):
        out = ", ".join(words.say(f"out.{one}") for one in evidence["rules_out"])
        told.append(words.say("line.evidence.out", what=out))
    return Content(
        words.say("details.of", what=payload["line"]),
        (Section(tuple(told), bullets=True),),
        more=words.say("more", n="{n}"),
    )


def silence(payload: Payload, words: Language) -> Content:
    source, since, state = payload["source"], _since(payload), payload["state"]
    expected = payload["expected_until"]
    named = {"source": source, "since": words.at(since)}
    sections: list[Section] = []
    if state == "resolved":
        until = _instant(payload["resolved_at"])
        title = words.say(
            "silence.title.resolved", **named, until=words.at(until).split()[-1], span=words.span(since, until)
        )
        over = words.say("silence.what.over", expected=words.count(round(expected), "about_events"))
        sections += [Section((over, _whose_silence(payload, words))), Section((words.say("silence.late"),))]
        return handling.living(title, sections, payload, words)
    if state == "invalidated":
        title = words.say("silence.title.invalidated", **named)
        why = [Section((words.say("silence.invalidated"),))] if by_data(payload) else []
        return handling.living(title, why, payload, words)
    what = words.say("silence.what", since=words.at(since), expected=words.count(math.floor(expected), "about_events"))
    sections.append(Section((what, words.say("chance", n=words.chance(math.exp(-expected))))))
    sections.append(Section((_whose_silence(payload, words), words.say("silence.judging"))))
    sections.append(Section((words.say("do", what=words.say("silence.do", source=source)),)))
    return handling.living(words.say("silence.title", **named), sections, payload, words)


def _whose_silence(payload: Payload, words: Language) -> str:
    known = payload["verdict"] if payload["verdict"] in ("floor", "offer_or_crm") else "undetermined"
    return words.say(f"silence.whose.{known}")


def by_data(payload: Payload) -> bool:
    """Withdrawn because of later data, not by a person."""
    return (payload.get("acted") or {}).get("what") != "technical"


def _p(evidence: Mapping[str, Any]) -> float:
    """The tail's p-value; of the fast path the chance of so many failures in a row."""
    found = evidence.get("p_value")
    return float(found) if found is not None else float(evidence["base"]) ** int(evidence["failures"])


def _codes(evidence: Mapping[str, Any], words: Language) -> str:
    codes: dict[str, int] = {
        code or words.say("line.no_code"): count for code, count in evidence.get("codes", {}).items()
    }
    if len(codes) == 1:
        return str(next(iter(codes)))
    return tally(codes, words) if codes else words.say("line.no_code")


def tally(counts: Mapping[str, int], words: Language) -> str:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    named = [f"{name} — {words.number(count)}" for name, count in ordered[:LISTED]]
    if len(ordered) > LISTED:
        named.append(words.say("more", n=len(ordered) - LISTED))
    return ", ".join(named)


def scientific(p: float, words: Language) -> str:
    if p <= 0:
        return "< 10⁻³⁰⁰"
    if p >= 0.001:
        return words.number(p, 4)
    power = math.floor(math.log10(p))
    figures = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{words.number(p / 10**power, 1)}·10{figures}"


def _since(payload: Payload) -> datetime:
    return _instant(payload.get("shown_since") or payload["evidence"].get("since") or payload["fired_at"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
