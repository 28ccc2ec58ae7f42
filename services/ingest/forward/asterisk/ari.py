"""Asterisk's REST Interface: the websocket of events, under an application name of our own, for every channel."""

import base64
import json
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from services.ingest.forward.asterisk.bridges import Bridges
from services.kit.errors import Misconfigured, Unavailable

ENDS: Final = ("StasisEnd", "ChannelDestroyed")
APPLICATION: Final = "srez"
"""A name of its own: under the name of a running application its websocket would be taken from it."""
HEARTBEAT_S: Final = 30.0


class Refused(Unavailable):
    """The login was refused."""


def address(text: str) -> str:
    """``http(s)://HOST:PORT`` → the address of the websocket. Raises: Misconfigured."""
    try:
        parts = urlsplit(text)
        well = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        well = False
    if not well:
        raise Misconfigured(f"--ari {text!r} is no address such as http://10.0.0.5:8088")
    base = text.rstrip("/")
    return f"{base if base.endswith('/ari') else base + '/ari'}/events"


async def events(
    url: str, user: str, password: str, application: str = APPLICATION
) -> AsyncGenerator[Mapping[str, Any], None]:
    """Events until the connection ends; the first is ``{}``: connected. Raises: Unavailable then, or Refused."""
    query = {"app": application, "subscribeAll": "true"}
    login = {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
    try:
        async with (
            aiohttp.ClientSession(headers=login) as client,
            client.ws_connect(url, params=query, heartbeat=HEARTBEAT_S) as socket,
        ):
            yield {}
            async for frame in socket:
                if frame.type is aiohttp.WSMsgType.TEXT and (event := _event(frame.data)):
                    yield event
    except aiohttp.WSServerHandshakeError as error:
        if error.status in (401, 403):
            raise Refused(
                f"ARI refuses the login of {user!r}: compare --ari-user and SREZ_ARI_PASSWORD with ari.conf"
            ) from error
        raise Unavailable(f"ARI answers {error.status}: is the address right, and is ari.conf enabled?") from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise Unavailable(f"ARI cannot be reached: {type(error).__name__}") from error
    raise Unavailable("ARI closed the connection")


def kept(event: Mapping[str, Any], bridges: Bridges) -> Mapping[str, Any] | None:
    """What is to be posted: the end of a channel, with the times it was in a bridge."""
    channel = event.get("channel")
    kind, name = event.get("type"), channel.get("id") if isinstance(channel, Mapping) else None
    at = _seconds(event.get("timestamp"))
    if not isinstance(name, str):
        return None
    if kind == "ChannelEnteredBridge" and at is not None:
        bridges.entered(name, at)
    elif kind == "ChannelLeftBridge" and at is not None:
        bridges.left(name, at)
    elif kind == "ChannelDestroyed" and at is not None and (spans := bridges.ended(name, at)):
        return {**event, "bridged": spans}
    return event if kind in ENDS else None


def _event(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _seconds(stamp: object) -> float | None:
    try:
        return datetime.fromisoformat(stamp).timestamp() if isinstance(stamp, str) else None
    except ValueError:
        return None
