"""From a PBX to ingest: in order, nothing lost while either is away."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from services.ingest.forward.asterisk import ari
from services.ingest.forward.asterisk.ami import Address
from services.ingest.forward.asterisk.bridges import Bridges
from services.ingest.forward.asterisk.forwarder import AmiLogin, AriLogin, Forwarder
from services.ingest.forward.asterisk.poster import target
from services.ingest.forward.asterisk.spool import Spool
from services.kit.errors import Misconfigured
from tests.services.ingest.forward.asterisk.pbx import Ingest, Pbx, event
from tests.support.waiting import eventually

SECRETS = {"path": ("s/3", "old")}
QUICK_S = 0.05


def login(pbx: Pbx, secret: str = "ami-secret", cel: bool = False) -> AmiLogin:
    return AmiLogin(Address("127.0.0.1", pbx.port), "srez", secret, cel)


@asynccontextmanager
async def forwarding(folder: Path, url: str, *logins: AmiLogin | AriLogin) -> AsyncIterator[Spool]:
    with Spool(folder / "spool.db") as spool:
        task = asyncio.create_task(Forwarder(spool, target(url, "pbx", SECRETS), QUICK_S).run(*logins))
        try:
            yield spool
        finally:
            task.cancel()
            await asyncio.wait({task})


def cdrs(*numbers: int) -> list[bytes | None]:
    return [event("Cdr", UniqueID=f"1.{number}", Disposition="ANSWERED") for number in numbers]


def names(*numbers: int) -> list[object]:
    return [f"1.{number}" for number in numbers]


async def test_events_arrive_in_order_with_the_secret(tmp_path: Path) -> None:
    """Only what ended is posted, with the time it was heard at where Asterisk does not tell; nothing is left."""
    others = [event("Newchannel", Uniqueid="1.1"), event("CEL", EventName="ANSWER", UniqueID="1.1")]
    async with Ingest().open() as ingest, Pbx(plays=[[*others, *cdrs(1, 2, 3)]]).open() as pbx:
        async with forwarding(tmp_path, ingest.url, login(pbx)) as spool:
            await eventually(lambda: len(ingest.bodies) == 3 and not len(spool), "three events", 10)
        assert ingest.told("UniqueID") == names(1, 2, 3)
        assert all(float(str(stamp)) > 1.7e9 for stamp in ingest.told("Timestamp"))
        assert set(ingest.paths) == {"/hooks/pbx/s%2F3"}


async def test_ingest_away_and_back(tmp_path: Path) -> None:
    """Refusals of every kind are repeated; order is kept; a restart in between loses nothing."""
    async with Pbx(plays=[cdrs(1, 2, 3), cdrs(4)]).open() as pbx:
        async with forwarding(tmp_path, "http://127.0.0.1:1", login(pbx)) as spool:
            await eventually(lambda: len(spool) == 3, "the spool to hold them", 10)
        async with Ingest(statuses=[503, 401, 404, 429, 500, 302, 200, 503]).open() as ingest:
            async with forwarding(tmp_path, ingest.url, login(pbx)):
                await eventually(lambda: len(ingest.bodies) == 4, "all of them", 10)
            assert ingest.told("UniqueID") == names(1, 2, 3, 4)
            assert len(ingest.paths) == 11


async def test_a_refusal_is_logged_with_its_mend(tmp_path: Path) -> None:
    """Once, not at each attempt."""
    async with Ingest(statuses=[404, 404, 404]).open() as ingest, Pbx(plays=[cdrs(1)]).open() as pbx:
        with capture_logs() as logs:
            async with forwarding(tmp_path, ingest.url, login(pbx)):
                await eventually(lambda: len(ingest.bodies) == 1, "the event", 10)
    told = [entry for entry in logs if entry["event"] == "posting to ingest waits"]
    assert len(told) == 1
    assert "srez floor apply" in told[0]["why"]


async def test_an_event_too_large_does_not_stop_the_others(tmp_path: Path) -> None:
    """It is dropped, aloud."""
    async with Ingest(statuses=[413]).open() as ingest, Pbx(plays=[cdrs(1, 2)]).open() as pbx:
        with capture_logs() as logs:
            async with forwarding(tmp_path, ingest.url, login(pbx)):
                await eventually(lambda: ingest.bodies, "the second event", 10)
    assert ingest.told("UniqueID") == names(2)
    assert [entry["log_level"] for entry in logs if "too large" in entry["event"]] == ["error"]


async def test_a_connection_lost_in_the_middle(tmp_path: Path) -> None:
    """It connects again and goes on; the half event is not posted; the gap is told."""
    broken: list[bytes | None] = [*cdrs(1), b"Event: Cdr\r\nUniqueID: 1.9", None]
    async with Ingest().open() as ingest, Pbx(plays=[broken, [None], cdrs(2)]).open() as pbx:
        with capture_logs() as logs:
            async with forwarding(tmp_path, ingest.url, login(pbx)):
                await eventually(lambda: len(ingest.bodies) == 2, "the event after the gap", 10)
        assert ingest.told("UniqueID") == names(1, 2)
        assert pbx.logins == 3
    assert any("connected again" in entry["event"] for entry in logs)


async def test_a_pbx_that_is_not_there_yet(tmp_path: Path, unused_tcp_port: int) -> None:
    """It is waited for, without end."""
    async with Ingest().open() as ingest:
        pbx = Pbx(plays=[cdrs(1)], port=unused_tcp_port)
        async with forwarding(tmp_path, ingest.url, login(pbx)):
            await asyncio.sleep(0.2)
            async with pbx.open(unused_tcp_port):
                await eventually(lambda: ingest.bodies, "the event", 10)


async def test_a_refused_login_ends_it_at_the_start_only(tmp_path: Path) -> None:
    """A wrong secret is told at once; a PBX that refuses after it had accepted is waited for."""
    async with Ingest().open() as ingest, Pbx(plays=[[*cdrs(1), None], cdrs(2)]).open() as pbx:
        with Spool(tmp_path / "other.db") as spool, pytest.raises(Misconfigured, match="refuses the login"):
            await Forwarder(spool, target(ingest.url, "pbx", SECRETS), QUICK_S).run(login(pbx, "wrong"))
        async with forwarding(tmp_path, ingest.url, login(pbx)):
            await eventually(lambda: pbx.logins == 1, "the first login", 10)
            pbx.secret = "changed"
            await asyncio.sleep(1.2)
            pbx.secret = "ami-secret"
            await eventually(lambda: len(ingest.bodies) == 2, "the second event", 10)


async def test_times_in_a_bridge_and_cel(tmp_path: Path) -> None:
    """A hang-up carries when its channel was in a bridge; CEL is forwarded when it is asked for."""
    play: list[bytes | None] = [
        event("BridgeEnter", Uniqueid="1.2", Timestamp="1795413610.5"),
        event("BridgeLeave", Uniqueid="1.2", Timestamp="1795413620.5"),
        event("BridgeEnter", Uniqueid="1.2", Timestamp="1795413630.5"),
        event("CEL", EventName="HANGUP", UniqueID="1.2"),
        event("Hangup", Uniqueid="1.2", Timestamp="1795413650.5", Cause="16"),
        event("Hangup", Uniqueid="1.1", Timestamp="1795413651.5", Cause="16"),
    ]
    async with Ingest().open() as ingest, Pbx(plays=[play]).open() as pbx:
        async with forwarding(tmp_path, ingest.url, login(pbx, cel=True)):
            await eventually(lambda: len(ingest.bodies) == 3, "three events", 10)
        assert ingest.told("Event") == ["CEL", "Hangup", "Hangup"]
        assert ingest.told("Bridged") == [None, "1795413610.500-1795413620.500,1795413630.500-1795413650.500", None]


def test_bridges_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels whose end was missed are forgotten, the oldest first."""
    monkeypatch.setattr("services.ingest.forward.asterisk.bridges.MOST_CHANNELS", 3)
    bridges = Bridges()
    for number in range(5):
        bridges.entered(str(number), 1.0)
    assert [bridges.ended(str(number), 2.0) for number in range(5)] == [None, None, *["1.000-2.000"] * 3]


def test_targets() -> None:
    """Basic credentials, both, and what is wrong with an address or a source."""
    both = target("https://srez.example/", "pbx", {"path": ("a",), "basic": ("u:p",)})
    assert (str(both.url), both.headers["authorization"]) == (
        "https://srez.example/hooks/pbx/a",
        "Basic " + base64.b64encode(b"u:p").decode(),
    )
    with pytest.raises(Misconfigured, match=r"neither secrets\.path nor secrets\.basic"):
        target("https://srez.example", "pbx", {})
    with pytest.raises(Misconfigured, match="such as https"):
        target("srez.example:8080", "pbx", SECRETS)


@asynccontextmanager
async def ari_server(*plays: list[dict[str, object]]) -> AsyncIterator[str]:
    """ARI's websocket: each connection plays the next list, then closes unless it was the last."""
    left = list(plays)

    async def serve(request: web.Request) -> web.StreamResponse:
        expected = "Basic " + base64.b64encode("srez:ари".encode()).decode()
        if request.headers.get("authorization") != expected or request.query["subscribeAll"] != "true":
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in left.pop(0) if left else []:
            await socket.send_str(json.dumps(message))
        await socket.send_str("not json")
        if left:
            await socket.close()
        async for _ in socket:
            pass
        return socket

    app = web.Application()
    app.router.add_get("/ari/events", serve)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


def of_channel(kind: str, second: int, name: str = "1.1") -> dict[str, object]:
    return {
        "type": kind,
        "timestamp": f"2026-11-23T09:00:{second:02}.000+0300",
        "channel": {"id": name, "name": "PJSIP/204-00000001"},
    }


async def test_ari_events(tmp_path: Path) -> None:
    """Ends of channels are posted, through a connection that is lost, with their times in a bridge."""
    first = [of_channel("ChannelCreated", 0), of_channel("StasisEnd", 5, "1.9")]
    second = [
        of_channel("ChannelEnteredBridge", 10),
        of_channel("ChannelLeftBridge", 20),
        of_channel("ChannelDestroyed", 21),
    ]
    async with Ingest().open() as ingest, ari_server(first, second) as base:
        reader = AriLogin(ari.address(base), "srez", "ари")
        async with forwarding(tmp_path, ingest.url, reader):
            await eventually(lambda: len(ingest.bodies) == 2, "both ends", 10)
    assert ingest.told("type") == ["StasisEnd", "ChannelDestroyed"]
    assert ingest.told("bridged") == [None, "1795413610.000-1795413620.000"]


async def test_a_refused_ari_login(tmp_path: Path) -> None:
    """Told with its mend."""
    async with ari_server() as base:
        with (
            Spool(tmp_path / "spool.db") as spool,
            pytest.raises(Misconfigured, match=r"SREZ_ARI_PASSWORD with ari\.conf"),
        ):
            await Forwarder(spool, target(base, "pbx", SECRETS), QUICK_S).run(AriLogin(ari.address(base), "srez", "no"))


def test_ari_addresses() -> None:
    """With or without /ari; what is no address is told."""
    assert (
        ari.address("http://10.0.0.5:8088")
        == ari.address("http://10.0.0.5:8088/ari/")
        == "http://10.0.0.5:8088/ari/events"
    )
    for wrong in ("10.0.0.5:8088", "ws://10.0.0.5", "http://", "http://h:99999"):
        with pytest.raises(Misconfigured, match="such as http"):
            ari.address(wrong)
