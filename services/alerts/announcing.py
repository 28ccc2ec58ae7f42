"""Turns what happened into outbox rows: who hears of it, with what payload, and when."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.floor import Floor
from schemas.floor.model import MessageKind
from services.alerts import routing
from services.alerts.findings.episode import Episode
from services.alerts.notifiers import ABILITIES
from services.alerts.storage.outbox import Outgoing
from services.kit.clock import Clock
from services.rules.alerting.pipeline import quiet_until

DETAILED: Final = ("line", "silence", "window", "team", "team_drop")
"""Forms whose evidence stands in the thread, as the form ``…_details``."""


def frame(floor: Floor, date: str, team: str | None, board_url: str | None) -> dict[str, Any]:
    """What every payload carries."""
    return {
        "language": floor.language,
        "timezone": floor.timezone,
        "date": date,
        "team": team,
        "board": floor.board.url or board_url,
    }


def payload_of(
    floor: Floor, episode: Episode, alert: str, state: str, again: int, board_url: str | None
) -> dict[str, Any]:
    """What the messages of an alert are rendered from."""
    return {
        **frame(floor, episode.date.isoformat(), episode.team, board_url),
        "form": episode.form,
        "kind": episode.kind,
        "alert": alert,
        "state": state,
        "verdict": episode.verdict,
        "scope": episode.scope,
        "fired_at": episode.fired_at.isoformat(),
        "resolved_at": episode.resolved_at.isoformat() if episode.resolved_at else None,
        "evidence": episode.evidence,
        "phase": episode.phase,
        "ended_by": episode.ended_by,
        "technical": sorted({agent for agent, _, _ in episode.technical}),
        "again": again,
        "mentions": list(routing.lead(floor, episode.team)) if episode.kind == "efficiency" else [],
        **episode.shown,
    }


def of_alert(floor: Floor, payload: Mapping[str, Any], transition: int) -> list[Outgoing]:
    """The living message of an alert, and its details for its thread; the head's too, once it was escalated.

    One that is told below another goes where that one was told, and its details into the same thread.
    """
    kind, alert = payload["kind"], payload["alert"]
    found = _living(floor, payload, transition, payload)
    if payload["form"] in DETAILED:
        thread = (payload.get("under") or payload)["alert"]
        details = {**payload, "under": None, "form": f"{payload['form']}_details", "parent": thread}
        found += in_threads(found, f"{alert}/details", transition, kind, details, floor)
    return found


def changed(floor: Floor, payload: Mapping[str, Any], transition: int) -> list[Outgoing]:
    """The living message alone, and only where it can be changed: something stands in its thread."""
    kinds = {channel.id: channel.kind for channel in floor.notify.channels}
    living = _living(floor, payload, transition, payload)
    return [one for one in living if ABILITIES[kinds.get(one.channel, "console")].edits]


def _living(floor: Floor, payload: Mapping[str, Any], transition: int, told: Mapping[str, Any]) -> list[Outgoing]:
    """Every place of the living message of *payload*'s alert; with *told* in each."""
    alert, place = payload["alert"], payload.get("under") or payload.get("place") or payload
    found = [
        Outgoing(alert, transition, lane.channel.id, lane.target, payload["kind"], dict(told))
        for lane in routing.lanes(floor, place["kind"], place["team"])
    ]
    if payload.get("escalated"):
        known = {(one.channel, one.target) for one in found}
        found += [
            Outgoing(alert, transition, lane.channel.id, lane.target, payload["kind"], dict(told))
            for lane in routing.head(floor, place["kind"], place["team"])
            if (lane.channel.id, lane.target) not in known
            and not (payload.get("named") and lane.target == floor.notify.head.slack)
        ]
    return found


def reminder(floor: Floor, payload: Mapping[str, Any], transition: int, *, aloud: bool) -> list[Outgoing]:
    """That it still lasts and nobody has it: below the living message, else as a message where states are not all sent.

    Args:
        aloud: the whole channel hears of it; else only who is named, and whoever follows the thread.
    """
    kind, alert, team = payload["kind"], payload["alert"], payload["team"]
    named = routing.everybody(floor, team, payload["technical"]) if payload.get("named") else routing.lead(floor, team)
    told = {**payload, "form": "reminder", "of": payload["form"], "mentions": list(named)}
    living = _living(floor, {**payload, "escalated": False}, transition, told)
    thread = (payload.get("under") or payload)["alert"]
    below = {**told, "under": None, "parent": thread, "broadcast": aloud}
    found = in_threads(living, f"{alert}/again/{transition}", transition, kind, below, floor)
    if not aloud:
        return found
    kinds = {channel.id: channel.kind for channel in floor.notify.channels}
    for one in living:
        ability = ABILITIES[kinds.get(one.channel, "console")]
        if not (ability.threads or ability.edits or ability.every_state):
            found.append(Outgoing(f"{alert}/again/{transition}", transition, one.channel, one.target, kind, told))
    return found


def of_case(floor: Floor, of_slice: Sequence[Outgoing], case: str, payload: dict[str, Any]) -> list[Outgoing]:
    """A coaching case: in the thread of its slice where that is told, so that a head has one message a slice."""
    key, group = f"coaching:{case}", of_slice[0].group_key
    own = to_lanes(floor, "coaching", payload["team"], key, 0, payload)
    places = {(one.channel, one.target) for one in of_slice}
    same = [one for one in own if (one.channel, one.target) in places]
    below = in_threads(same, key, 0, "coaching", {**payload, "parent": group}, floor)
    threaded = {(one.channel, one.target) for one in below}
    return below + [one for one in own if (one.channel, one.target) not in threaded]


def to_lanes(
    floor: Floor, kind: MessageKind, team: str | None, group_key: str, transition: int, payload: Mapping[str, Any]
) -> list[Outgoing]:
    return [
        Outgoing(group_key, transition, lane.channel.id, lane.target, kind, dict(payload))
        for lane in routing.lanes(floor, kind, team)
    ]


def in_threads(
    parents: Iterable[Outgoing], group_key: str, transition: int, kind: str, payload: dict[str, Any], floor: Floor
) -> list[Outgoing]:
    """The same lanes as *parents*, where a message can be answered below."""
    kinds = {channel.id: channel.kind for channel in floor.notify.channels}
    return [
        Outgoing(group_key, transition, one.channel, one.target, kind, payload)
        for one in parents
        if ABILITIES.get(kinds.get(one.channel, ""), ABILITIES["console"]).threads
    ]


def due(floor: Floor, kind: str, clock: Clock) -> datetime:
    """When a message may go out, in the machine's time; quiet hours are the floor's."""
    until = quiet_until(floor, kind, clock.now())
    wait_s = clock.real_seconds_until(until) if until else 0.0
    return clock.real() + timedelta(seconds=wait_s)
