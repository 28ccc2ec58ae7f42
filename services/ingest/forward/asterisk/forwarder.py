"""``srez asterisk``: AMI's and ARI's events of calls that ended, through the spool to ingest."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from services.ingest.forward.asterisk import ami, ari
from services.ingest.forward.asterisk.bridges import Bridges
from services.ingest.forward.asterisk.patience import patient
from services.ingest.forward.asterisk.poster import Poster, Target
from services.ingest.forward.asterisk.spool import Spool
from services.kit import logs
from services.kit.errors import Misconfigured, Unavailable

FORWARDED: Final = ("Cdr", "Hangup")
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AmiLogin:
    """``cel``: forward CEL events too. ``alive_s``: silence after which a sign of life is asked for."""

    address: ami.Address
    user: str
    secret: str
    cel: bool = False
    alive_s: float = 30.0

    def __str__(self) -> str:
        return f"AMI {self.address}"

    async def events(self) -> AsyncGenerator[Event | None, None]:
        """One connection: None when it stands, then what is to be posted. Raises: Unavailable at its end."""
        bridges = Bridges()
        async with ami.session(self.address, self.user, self.secret, self.alive_s) as session:
            yield None
            async with aclosing(session.events()) as heard:
                async for event in heard:
                    if told := self._kept(event, bridges):
                        yield told

    def _kept(self, event: ami.Message, bridges: Bridges) -> Event | None:
        kind, channel = event["Event"], event.get("Uniqueid", "")
        at = _instant(event)
        if kind == "BridgeEnter":
            bridges.entered(channel, at)
        elif kind == "BridgeLeave":
            bridges.left(channel, at)
        if kind not in FORWARDED and not (kind == "CEL" and self.cel):
            return None
        spans = bridges.ended(channel, at) if kind == "Hangup" else None
        return {"Timestamp": f"{at:.6f}", **event, **({"Bridged": spans} if spans else {})}


@dataclass(frozen=True, slots=True)
class AriLogin:
    """``url``: of the websocket, see ``ari.address``."""

    url: str
    user: str
    password: str
    application: str = ari.APPLICATION

    def __str__(self) -> str:
        return "ARI"

    async def events(self) -> AsyncGenerator[Event | None, None]:
        """As ``AmiLogin.events``."""
        bridges = Bridges()
        async with aclosing(ari.events(self.url, self.user, self.password, self.application)) as heard:
            async for event in heard:
                if not event:
                    yield None
                elif told := ari.kept(event, bridges):
                    yield told


class Forwarder:
    """Reads, keeps and posts until it is cancelled. ``longest_wait_s``: between two attempts of anything."""

    def __init__(self, spool: Spool, to: Target, longest_wait_s: float = 30.0) -> None:
        self._spool, self._longest_s = spool, longest_wait_s
        self._poster = Poster(spool, to, longest_wait_s)

    async def run(self, *logins: AmiLogin | AriLogin) -> None:
        """Raises: Misconfigured when a first login is refused."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._poster.run())
                for login in logins:
                    group.create_task(self._listen(login))
        except* Misconfigured as refused:
            raise refused.exceptions[0] from None

    async def _listen(self, login: AmiLogin | AriLogin) -> None:
        lost_at: float | None = None
        while True:
            async for attempt in patient(str(login), self._longest_s):
                with attempt:
                    await self._session(login, lost_at)
            lost_at = time.monotonic()
            await asyncio.sleep(min(1.0, self._longest_s))

    async def _session(self, login: AmiLogin | AriLogin, lost_at: float | None) -> None:
        """One connection, until it ends. Raises: Unavailable when it never stood."""
        stood = False
        try:
            async with aclosing(login.events()) as heard:
                async for event in heard:
                    if event is None:
                        stood = True
                        _tell(login, lost_at)
                    else:
                        await self._keep(event)
        except (ami.Refused, ari.Refused) as error:
            if lost_at is None:
                raise Misconfigured(str(error)) from error
            raise
        except Unavailable as error:
            if not stood:
                raise
            logs.get().warning(f"{login} is lost", why=str(error))

    async def _keep(self, event: Event) -> None:
        body = json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")
        async for attempt in patient("the spool", self._longest_s):
            with attempt:
                self._spool.add(body)
        self._poster.wake()


def _tell(login: AmiLogin | AriLogin, lost_at: float | None) -> None:
    if lost_at is None:
        logs.get().info(f"{login} is connected")
    else:
        gap = round(time.monotonic() - lost_at, 1)
        logs.get().warning(f"{login} is connected again; calls that ended meanwhile are not told again", gap_s=gap)


def _instant(event: ami.Message) -> float:
    """By Asterisk's clock (``timestampevents`` in manager.conf), else by ours."""
    try:
        return float(event["Timestamp"])
    except (KeyError, ValueError):
        return time.time()
