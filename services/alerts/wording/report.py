"""The message that ends the day: plan and fact, what tasks came to, what got in the way."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any

from services.alerts.wording.content import Content, Section
from services.alerts.wording.language import Language
from services.alerts.wording.slice import cases
from services.rules.money.units import about

Payload = Mapping[str, Any]
NAMED = 5
"""So many names stand in a line; the rest are a number."""
RESULTS = ("not_done", "not_enough_data", "invalidated")


def report(payload: Payload, words: Language) -> Content:
    sections = [_floor(payload, words), _teams(payload, words), _tasks(payload, words), cases(payload, words)]
    sections += [
        _outcomes(payload, words),
        _look(payload, words),
        _month(payload, words),
        _incidents(payload, words),
        _data(payload, words),
    ]
    date = words.date(Date.fromisoformat(payload["date"]))
    board = payload.get("board")
    link = f"{board.rstrip('/')}/report?date={payload['date']}" if board else None
    return Content(
        words.say("report.title", date=date, floor=payload["floor"]),
        tuple(section for section in sections if section.lines),
        note=words.say("slice.as_of", at=words.at(datetime.fromisoformat(payload["as_of"]))),
        link=(words.say("report.link"), link) if link else None,
        more=words.say("more", n="{n}"),
        data={key: payload.get(key) for key in DATA},  # one that waited while Srez was renewed has fewer
        final=True,
    )


DATA = (
    *("kind", "date", "floor", "slice", "steps", "teams", "money", "risk", "month", "tasks", "coaching", "outcomes"),
    *("look", "incidents", "stated"),
    *("revised", "not_closed", "closed_late", "untrusted", "late"),
)


def _floor(payload: Payload, words: Language) -> Section:
    lines = [_step(one, words) for one in payload["steps"]]
    lines += _worked(payload["steps"], words)
    sums: dict[str, list[str]] = {}
    for one in payload["money"]:
        sums.setdefault(one["kind"], []).append(words.money(one["minor"], one["currency"]))
    lines += [words.say(f"report.money.{kind}", sums=", ".join(told)) for kind, told in sums.items()]
    lines += _risk(payload, words)
    return Section(tuple(lines), heading=words.say("report.floor"), bullets=True)


def _step(one: Mapping[str, Any], words: Language) -> str:
    named = {"step": words.say(f"step.{one['step']}"), "done": words.number(one["done"])}
    plan = one.get("plan")
    if not plan:
        return words.say("slice.step.bare", **named)
    return words.say("report.step", **named, plan=words.number(plan), share=words.percent(one["done"] / plan))


def _worked(steps: Sequence[Mapping[str, Any]], words: Language) -> list[str]:
    """One line where faults or lessons took time of a step: what was due for the minutes worked, under another name."""
    less = [one for one in steps if one.get("plan") and one["target"] is not None and one["target"] <= one["plan"] - 1]
    due = (f"{words.say('step.' + one['step']).lower()} {words.due(one['target'])}" for one in less)
    return [words.say("report.worked", steps=", ".join(due))] if less else []


def _risk(payload: Payload, words: Language) -> list[str]:
    """One line, when the day missed its plan."""
    found = payload.get("risk")
    if found is None:
        return []
    told = []
    for one in found["causes"]:
        broken = one["cause"] == "conversion" and found["broken"]
        key = "report.risk.conversion_of" if broken else f"report.risk.{one['cause']}"
        step = words.say(f"step.{found['broken']}").lower() if broken else ""
        told.append(words.say(key, step=step, sum=words.money(one["minor"], found["currency"])))
    return [words.say("report.risk", total=words.money(found["total"], found["currency"]), causes=", ".join(told))]


def _outcomes(payload: Payload, words: Language) -> Section:
    """What came of coaching: cases closed today, and those it is time to look at again."""
    lines = [
        words.say(
            f"report.outcome.{one['outcome'] or 'due'}",
            agent=one["name"],
            step=words.say(f"step.{one['step']}").lower(),
        )
        for one in payload.get("outcomes") or ()
    ]
    return Section(("; ".join(lines) + ".",) if lines else (), heading=words.say("report.outcomes"))


def _look(payload: Payload, words: Language) -> Section:
    """Whose numbers stand out; the page says which."""
    names = [one["name"] for one in payload.get("look") or ()]
    if not names:
        return Section(())
    told = ", ".join(names[:NAMED])
    if len(names) > NAMED:
        told = words.say("report.look.more", names=told, n=words.number(len(names) - NAMED))
    return Section((words.say("report.look.line", names=told),), heading=words.say("report.look"))


def _teams(payload: Payload, words: Language) -> Section:
    """One line a team; nothing where the floor is one team."""
    if len(payload["teams"]) < 2:
        return Section(())
    lines = []
    for team in payload["teams"]:
        steps = []
        for one in team["steps"]:
            key = "report.team.step" if one.get("plan") else "report.team.step.bare"
            steps.append(
                words.say(
                    key,
                    step=words.say(f"step.{one['step']}").lower(),
                    done=words.number(one["done"]),
                    plan=words.number(one.get("plan") or 0),
                )
            )
        if steps:
            lines.append(words.say("report.team", team=team["name"], steps="; ".join(steps)))
    return Section(tuple(lines), heading=words.say("report.teams"), bullets=True)


def _tasks(payload: Payload, words: Language) -> Section:
    found = payload["tasks"]
    results = found["results"]
    verified = sum(results.values())
    heading = words.say("report.tasks")
    if not found["given"] and not verified:
        return Section((words.say("report.tasks.none"),), heading=heading)
    lines = [words.say("report.tasks.given", given=words.number(found["given"]), verified=words.number(verified))]
    if verified:
        done = words.number(results.get("done", 0))
        told = [words.say("report.tasks.done", done=done, verified=words.number(verified))]
        told += [words.say(f"report.tasks.{one}", n=words.number(results[one])) for one in RESULTS if results.get(one)]
        lines.append("; ".join(told) + ".")
    return Section(tuple(lines), heading=heading)


def _month(payload: Payload, words: Language) -> Section:
    """Where the month is heading; nothing while that cannot be told."""
    found = payload.get("month")
    if found is None:
        return Section(())
    currency = found["currency"]
    expected = {name: words.money(about(found[name], currency), currency) for name in ("median", "low", "high")}
    lines = [words.say("report.month.median", done=words.money(found["done"], currency), **expected)]
    if found["plan"]:
        plan = words.money(found["plan"], currency)
        lines.append(words.say("report.month.plan", plan=plan, p=words.percent(found["p_plan"] or 0.0)))
    return Section(tuple(lines), heading=words.say("report.month"), bullets=True)


def _incidents(payload: Payload, words: Language) -> Section:
    lines = tuple(_incident(one, words) for one in payload["incidents"])
    lines += tuple(_stated(one, words) for one in payload.get("stated") or ())
    heading = words.say("report.incidents")
    if not lines:
        return Section((words.say("report.incidents.none"),), heading=heading)
    return Section(lines, heading=heading, bullets=True)


def _incident(one: Mapping[str, Any], words: Language) -> str:
    began, over = one.get("began_at") or one["fired_at"], one.get("ended_at") or one["resolved_at"]
    fired = datetime.fromisoformat(began)
    given = {
        "what": words.say(f"report.scope.{one['what']}", name=one["name"]),
        "kind": words.say(f"report.kind.{one['kind']}"),
        "since": words.at(fired),
        "verdict": words.say(f"report.verdict.{one['verdict']}"),
    }
    if over:
        ended = datetime.fromisoformat(over)
        told = words.say("report.incident", **given, until=words.at(ended), span=words.span(fired, ended))
    else:
        told = words.say("report.incident.open", **given)
    if one["minutes"]:
        people = words.count(len(one["agents"]), "of_people")
        told += " " + words.say("report.taken", minutes=words.count(one["minutes"], "minute"), people=people)
    return told


def _revised(found: Mapping[str, Any], words: Language) -> list[str]:
    """What is in question since a fault became known after its slice."""
    lines = []
    if found.get("verdicts"):
        verdicts = words.count(found["verdicts"], "verdict")
        lines.append(words.say("report.revised.slices", verdicts=verdicts, slices=", ".join(found["slices"])))
    if found.get("tasks"):
        lines.append(words.say("report.revised.tasks", tasks=words.count(found["tasks"], "result")))
    return lines


def _stated(one: Mapping[str, Any], words: Language) -> str:
    since = datetime.fromisoformat(one["began_at"])
    if one["ended_at"] is None:
        return words.say("report.stated.open", agent=one["name"], since=words.at(since))
    until = datetime.fromisoformat(one["ended_at"])
    span = words.span(since, until)
    return words.say("report.stated", agent=one["name"], since=words.at(since), until=words.at(until), span=span)


def _data(payload: Payload, words: Language) -> Section:
    lines = [
        words.say(f"report.{name}", slices=", ".join(payload[name]))
        for name in ("untrusted", "closed_late", "not_closed")
        if payload[name]
    ]
    lines += _revised(payload.get("revised") or {}, words)
    if payload["late"]:
        lines.append(words.say("report.late", facts=words.count(payload["late"], "fact")))
    return Section(tuple(lines), heading=words.say("report.data"), bullets=True)
