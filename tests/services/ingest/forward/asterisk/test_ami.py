"""The AMI session against a real TCP server."""

import asyncio

import pytest

from services.ingest.forward.asterisk import ami
from services.ingest.forward.asterisk.ami import Address
from services.kit.errors import Misconfigured, Unavailable
from tests.services.ingest.forward.asterisk.pbx import Pbx, event


async def heard(pbx: Pbx, count: int, secret: str = "ami-secret", alive_s: float = 30) -> list[ami.Message]:
    found = []
    async with ami.session(Address("127.0.0.1", pbx.port), "srez", secret, alive_s) as session:
        async for message in session.events():
            found.append(message)
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize("challenges", [True, False])
async def test_logged_in(challenges: bool) -> None:
    """By challenge, or in plain where there is none; events come in order."""
    async with Pbx(plays=[[event("FullyBooted"), event("Cdr", UniqueID="1.1")]], challenges=challenges).open() as pbx:
        assert [one["Event"] for one in await heard(pbx, 2)] == ["FullyBooted", "Cdr"]
        assert pbx.logins == 1


async def test_a_refused_login_names_the_mend() -> None:
    """What to compare, and with what."""
    async with Pbx().open() as pbx:
        with pytest.raises(ami.Refused, match=r"SREZ_AMI_SECRET with manager\.conf.*permit="):
            await heard(pbx, 1, secret="other")


async def test_events_split_anywhere() -> None:
    """Every cut of the stream gives the same events: colons and Cyrillic in values, empty values, answers between."""
    whole = (
        event("Cdr", UniqueID="1.1", CallerID='"Ольга: склад" <204>', AccountCode="")
        + b"Response: Success\r\nPing: Pong\r\n\r\n"
        + event("Hangup", Cause=16)
        + b"\r\n\r\n"
        + event("Cdr", UniqueID="1.2")
    )
    cuts = [[whole[:at], whole[at:]] for at in range(1, len(whole), 7)] + [
        [whole[i : i + 1] for i in range(len(whole))]
    ]
    for pieces in cuts:
        reader = asyncio.StreamReader()
        for piece in pieces:
            reader.feed_data(piece)
        reader.feed_eof()
        found = [await ami.message(reader) for _ in range(4)]
        assert found[0] == {"Event": "Cdr", "UniqueID": "1.1", "CallerID": '"Ольга: склад" <204>', "AccountCode": ""}
        assert [one.get("UniqueID") for one in found] == ["1.1", None, None, "1.2"]
    async with Pbx(plays=[[whole[:20], whole[20:75], whole[75:]]]).open() as pbx:
        assert [one["Event"] for one in await heard(pbx, 3)] == ["Cdr", "Hangup", "Cdr"]


async def test_a_connection_that_ends_in_the_middle() -> None:
    """Half an event is none."""
    async with Pbx(plays=[[event("Cdr", UniqueID="1.1"), b"Event: Cdr\r\nUniqueID: 1.", None]]).open() as pbx:
        with pytest.raises(Unavailable, match="closed the connection"):
            await heard(pbx, 2)


async def test_silence_is_asked_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PBX that answers is alive without events; one that does not is not."""
    monkeypatch.setattr(ami, "CONNECT_S", 0.2)
    async with Pbx(plays=[[]]).open() as pbx:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard(pbx, 1, alive_s=0.05), 1)
        assert pbx.pings > 3
    async with Pbx(plays=[[]], mute=True).open() as pbx:
        with pytest.raises(Unavailable, match="said nothing"):
            await heard(pbx, 1, alive_s=0.05)


async def test_what_is_no_ami(unused_tcp_port: int) -> None:
    """Nobody there, and somebody else there."""
    with pytest.raises(Unavailable, match="cannot be reached"):
        await heard(Pbx(port=unused_tcp_port), 1)

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    async with server:
        with pytest.raises(Unavailable, match="does not greet as AMI"):
            await heard(Pbx(port=server.sockets[0].getsockname()[1]), 1)


async def test_a_line_without_end() -> None:
    """Memory is bounded."""
    reader = asyncio.StreamReader(limit=1000)
    reader.feed_data(b"x" * 3000)
    with pytest.raises(Unavailable, match="too long"):
        await ami.message(reader)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.5:5039", Address("10.0.0.5", 5039)),
        ("pbx.example", Address("pbx.example", 5038)),
        ("tls://pbx.example:5039", Address("pbx.example", 5039, True)),
        ("[::1]:5038", Address("::1", 5038)),
    ],
)
def test_addresses(text: str, expected: Address) -> None:
    """Host and port, with TLS or not."""
    assert ami.address(text) == expected


@pytest.mark.parametrize("text", ["", ":5038", "host:port", "http://host", "host:99999", "host/path"])
def test_wrong_addresses(text: str) -> None:
    """The message shows a right one."""
    with pytest.raises(Misconfigured, match=r"HOST:PORT.*such as"):
        ami.address(text)
