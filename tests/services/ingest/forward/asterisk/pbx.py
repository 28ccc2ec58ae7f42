"""A PBX and an ingest for tests: real servers on free ports, with the faults a test asks for."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

BANNER = b"Asterisk Call Manager/9.0.0\r\n"
CHALLENGE = "840415273"


def event(kind: str, **fields: object) -> bytes:
    lines = [f"Event: {kind}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()


@dataclass
class Pbx:
    """AMI on ``port``. Each connection plays the next of ``plays`` after its login: pieces of bytes; None closes it."""

    secret: str = "ami-secret"
    plays: list[list[bytes | None]] = field(default_factory=list)
    port: int = 0
    logins: int = 0
    pings: int = 0
    mute: bool = False
    challenges: bool = True
    _sessions: set["asyncio.Task[None]"] = field(default_factory=set)

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator["Pbx"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for session in self._sessions:
                session.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None
        self._sessions.add(session)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._session(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            self._sessions.discard(session)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER)
        while True:
            action = await _action(reader)
            if action["Action"] == "Challenge" and self.challenges:
                writer.write(f"Response: Success\r\nChallenge: {CHALLENGE}\r\n\r\n".encode())
            elif action["Action"] == "Login" and self._right(action):
                self.logins += 1
                writer.write(b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n")
                break
            else:
                writer.write(b"Response: Error\r\nMessage: Authentication failed\r\n\r\n")
                await writer.drain()
                if action["Action"] == "Login":
                    return
        playing = asyncio.create_task(self._play(writer))
        try:
            while not playing.done() or not self.plays:
                await _action(reader)
                self.pings += 1
                if not self.mute:
                    writer.write(b"Response: Success\r\nPing: Pong\r\n\r\n")
        finally:
            playing.cancel()

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        for piece in self.plays.pop(0) if self.plays else []:
            if piece is None:
                writer.close()
                return
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    def _right(self, action: dict[str, str]) -> bool:
        key = hashlib.md5((CHALLENGE + self.secret).encode(), usedforsecurity=False).hexdigest()
        return action.get("Username") == "srez" and (action.get("Key") == key or action.get("Secret") == self.secret)


async def _action(reader: asyncio.StreamReader) -> dict[str, str]:
    text = (await reader.readuntil(b"\r\n\r\n")).decode()
    return dict(line.split(": ", 1) for line in text.strip().split("\r\n"))


@dataclass
class Ingest:
    """Collects what is posted. ``statuses``: answers of the next posts; then 200."""

    statuses: list[int] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def open(self, port: int | None = None) -> AsyncIterator["Ingest"]:
        app = web.Application()
        app.router.add_post("/{rest:.*}", self._take)
        server = TestServer(app, port=port)
        await server.start_server()
        self.url = str(server.make_url("")).rstrip("/")
        try:
            yield self
        finally:
            await server.close()

    async def _take(self, request: web.Request) -> web.Response:
        self.paths.append(request.raw_path)
        self.headers.append(dict(request.headers))
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return web.Response(status=status, headers={"Retry-After": "0.01"})
        self.bodies.append(await request.json())
        return web.Response()

    def told(self, name: str) -> list[object]:
        return [body.get(name) for body in self.bodies]
