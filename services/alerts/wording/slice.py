"""The message a head gets at a slice, and the coaching case."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime
from typing import Any

from schemas.steps import STEPS
from services.alerts.wording import tasks
from services.alerts.wording.content import Content, Section
from services.alerts.wording.language import Language

Payload = Mapping[str, Any]


def slice_(payload: Payload, words: Language) -> Content:
    sections = [
        *_untrusted(payload, words),
        *tasks.sections(payload, words),
        cases(payload, words),
        _lifted(payload, words),
        _verified(payload, words),
        _lagging(payload, words),
        _drops(payload, words),
        _team(payload, words),
        _good(payload, words),
    ]
    note = [words.say("slice.as_of", at=words.at(datetime.fromisoformat(payload["as_of"])))]
    if payload["technical"]:
        note.insert(0, words.say("slice.technical", people=words.count(payload["technical"], "people")))
    if payload["late"]:
        note.append(words.say("slice.late", facts=words.count(payload["late"], "fact")))
    return Content(
        words.say("slice.title", slice=payload["slice"], team=payload["team_name"]),
        tuple(section for section in sections if section.lines),
        note=" ".join(note),
        mentions=tuple(payload["mentions"]) if payload["tasks"] or payload["coaching"] else (),
        link=(words.say("board"), payload["board"]) if payload.get("board") else None,
        more=words.say("more", n="{n}"),
        data={key: payload[key] for key in DATA},
        final=True,
    )


DATA = ("kind", "date", "slice", "team", "steps", "tasks", "verified", "coaching", "lagging", "untrusted", "late")


def _untrusted(payload: Payload, words: Language) -> list[Section]:
    """Steps that cannot be judged, grouped by why, in the order of the funnel."""
    groups: dict[str, list[str]] = {}
    for step in STEPS:
        if reasons := payload["untrusted"].get(step):
            why = "; ".join(doubt(reason, words) for reason in reasons)
            groups.setdefault(why, []).append(step)
    lines = tuple(_untrusted_line(payload, steps, why, words) for why, steps in groups.items())
    return [Section(lines, heading=words.say("slice.untrusted"), bullets=True)]


def _untrusted_line(payload: Payload, steps: list[str], why: str, words: Language) -> str:
    if len(steps) > 1 and set(steps) >= {one["step"] for one in payload["steps"]}:
        return words.say("slice.untrusted.all", why=why)
    named = [words.say(f"step.{step}") for step in steps]
    return words.say("slice.untrusted.step", steps=", ".join([named[0], *map(str.lower, named[1:])]), why=why)


def doubt(reason: str, words: Language) -> str:
    word, _, about = reason.partition(":")
    source, _, at = about.partition("@")
    return words.say(f"doubt.{word}", source=source, **({"at": at} if at else {}))


def _team(payload: Payload, words: Language) -> Section:
    lines = []
    for one in payload["steps"]:
        named = {"step": words.say(f"step.{one['step']}"), "done": words.number(one["done"])}
        if one["target"]:
            share = words.percent(one["done"] / one["target"])
            lines.append(words.say("slice.step", **named, target=words.due(one["target"]), share=share))
        else:
            lines.append(words.say("slice.step.bare", **named))
    return Section(tuple(lines), heading=words.say("slice.team"), bullets=True)


def _lagging(payload: Payload, words: Language) -> Section:
    lines = tuple(
        words.say(
            "slice.lag.team" if one["step"] in payload.get("team_below", ()) else "slice.lag",
            agent=one["name"],
            step=words.say(f"step.{one['step']}").lower(),
            done=words.number(one["done"]),
            target=words.due(one["target"]),
            sure=words.sure(one["p_below"]),
            below=words.number(payload["below"], 1),
        )
        for one in payload["lagging"]
    )
    if lines:
        key = "slice.lagging" if payload["tasks"] else "slice.lagging.only"
        return Section(lines, heading=words.say(key), bullets=True)
    calm = not payload["tasks"] and not payload["untrusted"] and not payload["carried"]
    return Section((words.say("slice.calm"),) if calm else ())


def _drops(payload: Payload, words: Language) -> Section:
    """Who does much less than they did themselves; never a verdict."""
    lines = tuple(
        words.say(
            f"slice.{one['against']}",
            agent=one["name"],
            step=words.say(f"step.{one['step']}").lower(),
            done=words.number(one["done"]),
            target=words.due(one["target"]),
            before=words.number(one["before_done"]),
            before_target=words.due(one["before_target"]),
            sure=words.sure(one["p_drop"]),
            below=words.number(payload["drop_below"], 1),
        )
        for one in payload.get("drops", ())
    )
    return Section(lines, heading=words.say("slice.drops"), bullets=True)


def _verified(payload: Payload, words: Language) -> Section:
    lines = [
        words.say("slice.result", agent=task["name"], wanted=tasks.wanted(task, words), result=_result(task, words))
        for task in payload["verified"]
    ]
    lines += [
        words.say(
            "slice.carried",
            agent=task["name"],
            wanted=tasks.wanted(task, words),
            due=words.at(datetime.fromisoformat(task["due"])),
        )
        for task in payload["carried"]
        if task["due"]
    ]
    return Section(tuple(lines), heading=words.say("slice.verified"), bullets=True)


def _result(task: Mapping[str, Any], words: Language) -> str:
    """With the numbers behind it, where the close noted them."""
    seen, result = task.get("seen"), task["result"]
    if not seen:
        return words.say(f"result.{result}")
    if seen.get("ground"):
        return words.say("result.ground", why=tasks.lost_ground(seen["ground"], words))
    if result == "invalidated":
        lost = round(seen.get("technical_min") or 0)
        return (
            words.say("result.technical", minutes=words.count(lost, "minute"))
            if lost
            else words.say("result.invalidated")
        )
    needed = seen.get("required") or task["target"]
    counted = words.say("result.counted", done=words.number(seen["done"]), target=words.number(needed))
    return f"{counted}: {words.say(f'result.{result}')}"


def cases(payload: Payload, words: Language) -> Section:
    """Who goes to the trainer, and why."""
    lines = tuple(
        words.say(
            "slice.case",
            agent=case["name"],
            step=words.say(f"step.{case['step']}").lower(),
            reason=words.say(f"coaching.{case['reason']}"),
        )
        for case in payload["coaching"]
    )
    return Section(lines, heading=words.say("slice.coaching"), bullets=True)


def _lifted(payload: Payload, words: Language) -> Section:
    """Whose cases ended because nothing is left of what opened them."""
    lines = tuple(
        words.say("slice.case.lifted", agent=case["name"], step=words.say(f"step.{case['step']}").lower())
        for case in payload.get("lifted", ())
    )
    return Section(lines, heading=words.say("slice.lifted"), bullets=True)


def _good(payload: Payload, words: Language) -> Section:
    lines = []
    for one in payload["good"]:
        step = words.say(f"step.{one['step']}").lower()
        if one["what"] == "recovered":
            lines.append(words.say("slice.recovered", agent=one["name"], step=step))
        else:
            done, target = words.number(one["done"]), words.due(one["target"])
            lines.append(words.say("slice.ahead", agent=one["name"], step=step, done=done, target=target))
    return Section(tuple(lines), heading=words.say("slice.good"), bullets=True)


def coaching(payload: Payload, words: Language) -> Content:
    step = words.say(f"step.{payload['step']}").lower()
    lifted = payload.get("lifted")
    return Content(
        words.say("coaching.title.lifted" if lifted else "coaching.title", agent=payload["name"], step=step),
        (Section((words.say("coaching.lifted", at=words.at(datetime.fromisoformat(lifted))),)),)
        if lifted
        else _case(payload, words),
        mentions=tuple(payload["mentions"]),
        link=(words.say("board"), payload["board"]) if payload.get("board") else None,
        more=words.say("more", n="{n}"),
        data={key: payload[key] for key in ("kind", "case", "agent", "team", "step", "reason", "recheck_on")},
        final=True,
    )


def _case(payload: Payload, words: Language) -> tuple[Section, ...]:
    told = [words.say("coaching.reason", reason=words.say(f"coaching.{payload['reason']}"))]
    if payload.get("trainer"):
        told.append(words.say("coaching.trainer", trainer=payload["trainer"]))
    told.append(words.say("coaching.recheck", date=words.date(Date.fromisoformat(payload["recheck_on"]))))
    return Section(tuple(told)), Section((words.say("do", what=words.say("coaching.do")),))
