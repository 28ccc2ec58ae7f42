"""Asterisk's Manager Interface: a TCP stream of ``Name: value`` lines, a blank line after each message.

No well-kept client of it fits (Srez only listens): log in, read events, ask for a sign of life.
"""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from services.kit.errors import Misconfigured, Unavailable

Message = dict[str, str]
PORT: Final = 5038
LONGEST_LINE: Final = 2**20
CONNECT_S: Final = 10.0


class Refused(Unavailable):
    """The login was refused: wrong name, secret, or address of ours."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """``HOST``, ``HOST:PORT`` or ``tls://HOST:PORT``. Raises: Misconfigured."""
    try:
        parts = urlsplit(text if "://" in text else f"tcp://{text}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port, parts = None, 0, urlsplit("")
    if not host or parts.scheme not in ("tcp", "tls") or parts.path.strip("/"):
        raise Misconfigured(f"--ami {text!r} is not HOST:PORT (or tls://HOST:PORT), such as 10.0.0.5:{PORT}")
    return Address(host, port, parts.scheme == "tls")


@dataclass(slots=True)
class Ami:
    """A session that is logged in. ``alive_s``: after this long without a message a sign of life is asked for."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    alive_s: float

    async def events(self) -> AsyncGenerator[Message, None]:
        """Until the connection ends. Raises: Unavailable then."""
        asking = asyncio.create_task(self._ask())
        try:
            while True:
                message = await self._next(2 * self.alive_s + CONNECT_S)
                if "Event" in message:
                    yield message
        finally:
            asking.cancel()

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(self.alive_s)
            with suppress(OSError):
                self.send({"Action": "Ping"})

    def send(self, action: Message) -> None:
        lines = [f"{name}: {value}".replace("\r", "").replace("\n", "") for name, value in action.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    async def ask(self, action: Message) -> Message:
        """The response to *action*. Raises: Unavailable."""
        self.send(action)
        while "Response" not in (message := await self._next(CONNECT_S)):
            pass
        return message

    async def _next(self, timeout_s: float) -> Message:
        try:
            async with asyncio.timeout(timeout_s):
                return await message(self.reader)
        except TimeoutError:
            raise Unavailable(f"AMI said nothing for {timeout_s:.0f} s") from None
        except OSError as error:
            raise Unavailable(f"AMI: {error}") from error


async def message(reader: asyncio.StreamReader) -> Message:
    """The next whole message; of a repeated name the last. Raises: Unavailable when the stream ends or is no AMI."""
    fields: Message = {}
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            raise Unavailable("AMI sent a line that is too long") from None
        if not line.endswith(b"\n"):
            raise Unavailable("AMI closed the connection")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text and fields:
            return fields
        name, colon, value = text.partition(":")
        if colon:
            fields[name.strip()] = value.strip()


@asynccontextmanager
async def session(at: Address, user: str, secret: str, alive_s: float = 30.0) -> AsyncGenerator[Ami, None]:
    """Connected and logged in. Raises: Unavailable; Refused when the login is not accepted."""
    try:
        async with asyncio.timeout(CONNECT_S):
            context = ssl.create_default_context() if at.tls else None
            reader, writer = await asyncio.open_connection(at.host, at.port, ssl=context, limit=LONGEST_LINE)
    except (OSError, TimeoutError) as error:
        raise Unavailable(f"AMI {at} cannot be reached: {error or 'no answer'}") from error
    try:
        ami = Ami(reader, writer, alive_s)
        await _greeted(reader, at)
        await _log_in(ami, at, user, secret)
        yield ami
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


async def _greeted(reader: asyncio.StreamReader, at: Address) -> None:
    try:
        async with asyncio.timeout(CONNECT_S):
            banner = await reader.readline()
    except (OSError, TimeoutError, ValueError):
        banner = b""
    if b"Call Manager" not in banner:
        raise Unavailable(
            f"{at} does not greet as AMI does: is it the port of manager.conf, and is our address permitted?"
        )


async def _log_in(ami: Ami, at: Address, user: str, secret: str) -> None:
    """By challenge, so that the secret does not travel; in plain where a release does not know it."""
    challenge = (await ami.ask({"Action": "Challenge", "AuthType": "MD5"})).get("Challenge")
    proof: Message = {"Secret": secret}
    if challenge:
        key = hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
        proof = {"AuthType": "MD5", "Key": key}
    told = await ami.ask({"Action": "Login", "Username": user, **proof, "Events": "on"})
    if told["Response"].lower() != "success":
        raise Refused(
            f"AMI {at} refuses the login of {user!r} ({told.get('Message', 'no reason given')}): compare --user and "
            "SREZ_AMI_SECRET with manager.conf, and see that its permit= allows this machine"
        )
