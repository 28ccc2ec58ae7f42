"""The Slack app: is the token known, does it have its scopes, does it reach every place that the floor file names?

Asked of Slack itself, with the token of this environment. Nothing is posted; a conversation with a person is opened, as
for a message. What the answers mean: https://api.slack.com/methods, ``auth.test`` tells the scopes in ``x-oauth-scopes``.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, get_args

import httpx

from schemas.floor import Floor
from schemas.floor.model import Channel, MessageKind
from services.alerts import routing
from services.alerts.notifiers.blocks import USER
from services.alerts.notifiers.slack import SCOPES
from services.kit.errors import Misconfigured
from services.kit.secret import read
from services.local.doctor.finding import Finding, note, ok, wrong

MANIFEST: Final = "put deploy/slack/manifest.yaml into the app again and reinstall it into the workspace"
NEW_KEY: Final = "put the app's Bot User OAuth Token (xoxb-…) into the variable; it changes when the app is reinstalled"
PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "not_in_channel": (
        "the bot is not in it: it can post, if the channel is public, but not look up what became of a message",
        "/invite @srez in the channel",
    ),
    "channel_not_found": (
        "Slack knows no such channel, or it is private and the bot is not in it",
        "check the id (C…, not a name); /invite @srez in a private one",
    ),
    "is_archived": ("the channel is archived", "name another in the floor file"),
    "user_not_found": ("Slack knows no such person", "check the member id (U…) in the floor file"),
    "missing_scope": ("the app may not look there", MANIFEST),
}
"""Word of Slack → what it means, and the mend."""


async def slack(floor: Floor, url: str, environment: Mapping[str, str]) -> list[Finding]:
    """Every channel of kind slack whose token stands in *environment*.

    Args:
        url: base of the Web API, with a slash at the end.
    """
    found: list[Finding] = []
    for channel in floor.notify.channels:
        if channel.kind != "slack" or channel.token is None:
            continue
        try:
            token = read(channel.token.env, environment)
        except Misconfigured:
            continue  # told with the other secrets
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10) as client:
            try:
                found += [one async for one in _channel(client, floor, channel)]
            except (httpx.HTTPError, ValueError) as error:
                found.append(
                    wrong(f"channel {channel.id}", f"Slack: {type(error).__name__}", f"can this machine reach {url}?")
                )
    return found


async def _channel(client: httpx.AsyncClient, floor: Floor, channel: Channel) -> AsyncIterator[Finding]:
    name = f"channel {channel.id}"
    answer = await client.post("auth.test")
    told: dict[str, Any] = answer.json()
    if not told.get("ok"):
        yield wrong(name, f"Slack does not accept the token: {told.get('error')}", NEW_KEY)
        return
    granted = {one.strip() for one in answer.headers.get("x-oauth-scopes", "").split(",") if one.strip()}
    if missing := sorted(SCOPES - granted) if granted else []:
        yield wrong(name, f"the app lacks {', '.join(missing)}", MANIFEST)
    else:
        yield ok(
            name, f"{told.get('user', 'the bot')} in {told.get('team', 'Slack')}" + (", all scopes" if granted else "")
        )
    for place in places(floor, channel):
        word = await _reach(client, place)
        if word:
            what, mend = PLACES.get(word, (f"Slack: {word}", "docs/OPERATIONS.md, Slack"))
            yield (note if word == "not_in_channel" else wrong)(f"{name} → {place}", what, mend)


async def _reach(client: httpx.AsyncClient, place: str) -> str:
    """What Slack says against it, or nothing."""
    if USER.match(place):
        answer = await client.post("conversations.open", json={"users": place})
    else:
        answer = await client.get("conversations.history", params={"channel": place, "limit": "1"})
    told: dict[str, Any] = answer.json()
    return "" if told.get("ok") else str(told.get("error") or f"HTTP {answer.status_code}")


def places(floor: Floor, channel: Channel) -> list[str]:
    """Channels and people that messages of *channel* go to, and who is written to directly; in order."""
    lanes = [
        lane
        for kind in get_args(MessageKind)
        for team in (None, *(team.id for team in floor.teams))
        for lane in (*routing.lanes(floor, kind, team), *routing.head(floor, kind, team))
    ]
    return sorted({lane.target for lane in lanes if lane.channel.id == channel.id and lane.target})
