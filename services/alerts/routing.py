"""Who hears of what: the first route that matches decides; what no route matches goes to the first channel."""

from collections.abc import Collection
from dataclasses import dataclass

from schemas.floor import Floor
from schemas.floor.model import Channel, MessageKind, Route
from services.alerts.notifiers import ABILITIES, CONSOLE

TEAM_KINDS: frozenset[MessageKind] = frozenset({"task", "slice", "coaching", "efficiency"})

ALERTS: frozenset[str] = frozenset({"outage", "data", "efficiency"})


@dataclass(frozen=True, slots=True)
class Lane:
    """One place a message goes to. ``target`` is a Slack channel, or empty where the channel is the place."""

    channel: Channel
    target: str


def lanes(floor: Floor, kind: MessageKind, team: str | None) -> tuple[Lane, ...]:
    """At least one; the console when no channel is configured."""
    channels = {channel.id: channel for channel in floor.notify.channels}
    if not channels:
        return (Lane(CONSOLE, ""),)
    route = _route(floor, kind, team)
    names = route.to if route else floor.notify.channels[:1] and (floor.notify.channels[0].id,)
    known = [channels[name] for name in dict.fromkeys(names) if name in channels] or [floor.notify.channels[0]]
    fit = [channel for channel in known if takes(channel, kind)]
    fit = fit or [channel for channel in floor.notify.channels if takes(channel, kind)][:1] or [CONSOLE]
    return tuple(Lane(channel, target(floor, channel, kind, team, route)) for channel in fit)


def takes(channel: Channel, kind: str) -> bool:
    """Some places know nothing but alerts."""
    ability = ABILITIES.get(channel.kind)
    return kind in ALERTS or ability is None or not ability.alerts_only


def target(floor: Floor, channel: Channel, kind: MessageKind, team: str | None, route: Route | None = None) -> str:
    """The Slack channel of a message: the route's, else the team's (of team matters), else the channel's own.

    The day report goes to the head, unless a route of its own names a channel.
    """
    if channel.kind in ("telegram", "email"):
        return _person(floor, channel, kind, team, route)
    if channel.kind != "slack":
        return ""
    own = route is not None and "report" in route.match.kind and route.channel
    if kind == "report" and floor.notify.head.slack and not own:
        return floor.notify.head.slack
    if route and route.channel:
        return route.channel
    found = floor.team_by_id.get(team) if team and kind in TEAM_KINDS else None
    if found and found.slack.direct and found.slack.lead and kind in ("slice", "coaching"):
        return found.slack.lead
    return (found.slack.channel if found else None) or channel.channel or _any(floor)


def _person(floor: Floor, channel: Channel, kind: MessageKind, team: str | None, route: Route | None) -> str:
    """A Telegram chat or a mail address: the route's, else the team's, else the channel's own, else the head's."""
    head = floor.notify.head.telegram if channel.kind == "telegram" else floor.notify.head.email
    if kind == "report" and head:
        return head
    found = floor.team_by_id.get(team) if team and kind in TEAM_KINDS else None
    own = (found.telegram.chat if channel.kind == "telegram" else found.email) if found else None
    return (route.channel if route and len(route.to) == 1 else None) or own or channel.channel or head or ""


def head(floor: Floor, kind: MessageKind, team: str | None) -> tuple[Lane, ...]:
    """Where the head is told directly: over the message's own channels, else over the first that reaches them."""
    found = [lane.channel for lane in lanes(floor, kind, team)]
    told = floor.notify.head
    addresses = {"slack": told.slack, "telegram": told.telegram, "email": told.email}
    ways = [Lane(one, addresses.get(one.kind) or "") for one in (*found, *floor.notify.channels)]
    reached = tuple(dict.fromkeys(lane for lane in ways if lane.target))
    own = tuple(lane for lane in reached if lane.channel in found)
    return own or reached[:1]


def lead(floor: Floor, team: str | None) -> tuple[str, ...]:
    """Slack user to be mentioned: the team's lead."""
    found = floor.team_by_id.get(team) if team else None
    return (found.slack.lead,) if found and found.slack.lead else ()


def everybody(floor: Floor, team: str | None, agents: Collection[str]) -> tuple[str, ...]:
    """Slack users to be named where nothing else says it to them: leads of *team* and of *agents*' teams, and the head."""
    teams = {team} | {floor.agent_by_id[one].team for one in agents if one in floor.agent_by_id}
    leads = [one.slack.lead for one in floor.teams if one.id in teams or (len(teams) == 1 and team is None)]
    return tuple(dict.fromkeys(user for user in (*leads, floor.notify.head.slack) if user))


def others(floor: Floor, kind: MessageKind, team: str | None, than: str) -> tuple[Lane, ...]:
    """Where a message goes when channel *than* fails: the other channels in order, at last the console."""
    rest = [channel for channel in floor.notify.channels if channel.id != than and takes(channel, kind)]
    found = [Lane(channel, target(floor, channel, kind, team)) for channel in rest]
    return (*found, Lane(CONSOLE, ""))


def _route(floor: Floor, kind: MessageKind, team: str | None) -> Route | None:
    """The first that matches; a report that no route matches goes the way of the slices that it sums up."""
    found = next((route for route in floor.notify.routes if _matches(route, kind, team)), None)
    return _route(floor, "slice", team) if found is None and kind == "report" else found


def _matches(route: Route, kind: MessageKind, team: str | None) -> bool:
    return (not route.match.kind or kind in route.match.kind) and (not route.match.team or team in route.match.team)


def _any(floor: Floor) -> str:
    return next((route.channel for route in floor.notify.routes if route.channel), "")
