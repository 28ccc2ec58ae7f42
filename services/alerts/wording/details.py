"""What stands in the thread of an alert: the evidence in full, its window, how likely it is by chance, calls to check by, and
what it rules out. Of a line: ``wording/alert.py``."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.alerts.wording import team
from services.alerts.wording.alert import scientific, tally
from services.alerts.wording.calls import calls, last
from services.alerts.wording.content import Content, Section
from services.alerts.wording.language import Language
from services.alerts.wording.window import chance_of, numbers, subject

Payload = Mapping[str, Any]


def window_details(payload: Payload, words: Language) -> Content:
    evidence = payload["evidence"]
    told = [_span(payload, evidence.get("window_from"), evidence.get("window_until"), words)]
    told.append(numbers(payload["detector"], evidence, words))
    told += _compared(payload, words)
    if (p := chance_of(evidence)) is not None:
        told.append(words.say("details.p", p=scientific(p, words)))
    by_agent = evidence.get("by_agent") or {}
    if by_agent:
        names = payload.get("names", {})
        agents = tally({names.get(one, one): count for one, count in by_agent.items()}, words)
        told.append(words.say("line.evidence.agents", agents=agents))
    told += [calls(evidence, words), _out(payload, words)]
    return _content(subject(payload, words), told, words)


def silence_details(payload: Payload, words: Language) -> Content:
    evidence = payload["evidence"]
    expected = float(evidence["expected"])
    told = [
        _span(payload, evidence.get("since"), payload["fired_at"], words),
        words.say("details.expected", expected=words.count(math.floor(expected), "about_events")),
        words.say("details.p", p=scientific(math.exp(-expected), words)),
    ]
    if evidence.get("expect_every_s"):
        told.append(words.say("details.every", seconds=words.number(evidence["expect_every_s"])))
    told += [last(evidence, words), _out(payload, words)]
    return _content(payload["source"], told, words)


def team_details(payload: Payload, words: Language) -> Content:
    """Of both kinds of a team's issue: of a drop the window is the slice."""
    evidence = payload["evidence"]
    told = [
        _span(payload, evidence.get("window_from"), evidence.get("window_until"), words),
        *team.numbers(payload, words),
        words.say("details.p", p=scientific(float(evidence["p_value"]), words)),
        calls(evidence, words),
        _out(payload, words),
    ]
    return _content(payload["team_name"], told, words)


def _span(payload: Payload, first: Any, last: Any, words: Language) -> str:
    fired = words.at(datetime.fromisoformat(payload["fired_at"]))
    if not first or not last:
        return words.say("details.fired", fired=fired)
    began, ended = words.at(datetime.fromisoformat(first)), words.at(datetime.fromisoformat(last)).split()[-1]
    return words.say("details.window", began=began, ended=ended, fired=fired)


def _compared(payload: Payload, words: Language) -> Iterator[str]:
    """What the numbers are held against, where the sentence with them does not say it."""
    evidence, detector = payload["evidence"], payload["detector"]
    if detector == "answer_rate":
        yield words.say("details.share", base=words.percent(evidence["base"], 1))
        if evidence.get("rest_of_usual") is not None:
            yield words.say("details.rest", share=words.percent(evidence["rest_of_usual"]))
    if detector == "no_progress":
        other = "stuck" if evidence["why"] == "slow" else "slow"
        if other == "stuck" or evidence.get("ring_p95_s") is not None:
            yield numbers(detector, {**evidence, "why": other}, words)
    if detector == "workplace_audio" and evidence.get("peers_answered"):
        short, answered = words.number(evidence["peers_short"]), words.number(evidence["peers_answered"])
        yield words.say("details.peers", line=evidence["line"], short=short, answered=answered)
    if detector == "crm_silence":
        lag = words.count(max(1, round(evidence["lag_s"] / 60)), "minute")
        yield words.say("details.lag", lag=lag, share=words.percent(evidence["per_answered"], 1))


def _out(payload: Payload, words: Language) -> str:
    found = payload["evidence"].get("rules_out") or ()
    if not found:
        return words.say("details.out.nothing")
    return words.say("line.evidence.out", what=", ".join(words.say(f"out.{one}") for one in found))


def _content(what: str, told: list[str], words: Language) -> Content:
    return Content(
        words.say("details.of", what=what), (Section(tuple(told), bullets=True),), more=words.say("more", n="{n}")
    )
