"""What each request is answered, and what of it is kept."""

import asyncio
import base64
import gzip
import json
import zlib

import pytest

from services.ingest.web.body import LIMIT
from services.ingest.web.hooks import Limits
from tests.services.ingest.conftest import SECRETS
from tests.services.ingest.events import body, call, signed
from tests.services.ingest.web.asking import Endpoint, Memory

RAW = body(call("c1"))


async def test_accepted_is_kept_whole() -> None:
    """A signed request is kept with its body; it is not looked at what it says."""
    memory = Memory()
    endpoint = Endpoint(memory)
    for raw in (RAW, b"\xff not json", b""):
        assert (await endpoint.ask("/hooks/own/some/rest/", raw, signed(raw))).status == 200
    assert [entry.body for entry in memory.entries] == [RAW, b"\xff not json", b""]
    assert memory.entries[0].path == "some/rest"
    assert endpoint.counted("own", "accepted") == 3


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/hooks/nobody", "POST", 404),
        ("/hooks/", "POST", 404),
        ("/hooks/fs", "GET", 405),
        ("/hooks/own", "PUT", 405),
        ("/hooks/own", "GET", 405),
        ("/hooks/own", "OPTIONS", 405),
        ("/hooks/own", "POST", 401),
        ("/hooks/fs", "POST", 401),
        ("/hooks/hidden/wrong", "POST", 401),
        ("/hooks/hidden/s3cret-path/more", "POST", 401),
        ("/hooks/unset", "POST", 503),
    ],
)
async def test_what_is_refused(path: str, method: str, status: int) -> None:
    """Unknown, not allowed, not authentic, not configured: told by its code, and nothing is kept."""
    memory = Memory()
    answer = await Endpoint(memory).ask(path, RAW, method=method)
    assert (answer.status, memory.entries) == (status, [])
    assert ("retry-after" in answer.headers) == (status == 503)
    assert ("allow" in answer.headers) == (status == 405)


async def test_no_floor_yet() -> None:
    """Before a floor is known nothing can be told about sources: come again."""
    endpoint = Endpoint(Memory())
    endpoint.hooks.gates = None
    assert (await endpoint.ask("/hooks/own", RAW, signed(RAW))).status == 503


async def test_a_path_secret_is_not_kept() -> None:
    """The secret lets in from the end of the URL, and is cut off."""
    memory = Memory()
    endpoint = Endpoint(memory)
    assert (await endpoint.ask(f"/hooks/hidden/{SECRETS['HIDDEN_PATH']}", RAW)).status == 200
    assert (await endpoint.ask(f"/hooks/hidden/events/call/{SECRETS['HIDDEN_PATH']}/", RAW)).status == 200
    assert [entry.path for entry in memory.entries] == ["", "events/call"]


async def test_credentials_are_not_kept() -> None:
    """Basic credentials open the door; no header with a secret reaches the journal."""
    memory = Memory()
    credentials = base64.b64encode(SECRETS["FS_BASIC"].encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "x-auth-token": "t", "cookie": "c", "user-agent": "fs\x01"}
    assert (await Endpoint(memory).ask("/hooks/fs", b"{}", headers)).status == 200
    assert json.loads(memory.entries[0].headers) == {"user-agent": "fs\x01"}


async def test_basic_is_asked_for() -> None:
    """A client that waits for a challenge gets one."""
    answer = await Endpoint(Memory()).ask("/hooks/fs", b"{}")
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_over_the_rate() -> None:
    """Two a second are configured: the third at once is told when to come again; strangers do not use up the rate."""
    endpoint = Endpoint(Memory())
    path = f"/hooks/slow/{SECRETS['HIDDEN_PATH']}"
    for _ in range(5):
        assert (await endpoint.ask("/hooks/slow/wrong", RAW)).status == 401
    answers = [await endpoint.ask(path, RAW) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"


async def test_too_large() -> None:
    """By its length, by its chunks, or once inflated; exactly the limit passes."""
    endpoint = Endpoint(Memory())
    full = b" " * LIMIT
    assert (await endpoint.ask("/hooks/own", full, signed(full))).status == 200
    for length in (str(LIMIT + 1), "9" * 5000):
        assert (await endpoint.ask("/hooks/own", b"", {"content-length": length})).status == 413
    assert (await endpoint.ask("/hooks/own", b"", {"content-length": "¹"})).status == 401
    assert (await endpoint.ask("/hooks/own", chunks=[full, b" "])).status == 413
    bomb = gzip.compress(b"\0" * (200 * LIMIT))
    answer = await endpoint.ask("/hooks/own", bomb, {**signed(bomb), "content-encoding": "gzip"})
    assert answer.status == 413
    assert endpoint.counted("own", "too_large") == 4


@pytest.mark.parametrize("of_plain", [True, False])
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(RAW)),
        ("deflate", zlib.compress(RAW)),
        ("deflate", zlib.compress(RAW)[2:-4]),
    ],
)
async def test_compressed_bodies(encoding: str, packed: bytes, of_plain: bool) -> None:
    """Kept inflated, whether the signature covers what was sent or what it inflates to."""
    memory = Memory()
    headers = {**signed(RAW if of_plain else packed), "content-encoding": encoding}
    assert (await Endpoint(memory).ask("/hooks/own", packed, headers)).status == 200
    assert memory.entries[0].body == RAW
    assert "content-encoding" not in json.loads(memory.entries[0].headers)


async def test_a_broken_encoding_is_kept_as_sent() -> None:
    """Authentic, though nobody can read it: kept, for the parser to reject."""
    memory = Memory()
    endpoint = Endpoint(memory)
    for encoding in ("gzip", "br"):
        assert (await endpoint.ask("/hooks/own", RAW, {**signed(RAW), "content-encoding": encoding})).status == 200
    assert [json.loads(entry.headers)["content-encoding"] for entry in memory.entries] == ["gzip", "br"]


async def test_a_body_that_never_ends() -> None:
    """Slow loris: the deadline ends it, and the connection is closed."""
    endpoint = Endpoint(Memory(), Limits(deadline_s=0.05))
    answer = await endpoint.ask("/hooks/own", chunks=[b"{"], hang=True)
    assert (answer.status, answer.headers["connection"]) == (408, "close")


async def test_a_journal_that_hangs() -> None:
    """Not known to be durable inside the deadline: 503, send again."""
    endpoint = Endpoint(Memory(wait=asyncio.Event()), Limits(deadline_s=0.05))
    answer = await endpoint.ask("/hooks/own", RAW, signed(RAW))
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_a_journal_that_is_down() -> None:
    """The same at once."""
    answer = await Endpoint(Memory(broken=True)).ask("/hooks/own", RAW, signed(RAW))
    assert answer.status == 503


async def test_too_many_at_once() -> None:
    """Beyond the bound the next one is refused; when one is done there is room again."""
    memory = Memory(wait=asyncio.Event())
    endpoint = Endpoint(memory, Limits(concurrent=1))
    first = asyncio.create_task(endpoint.ask("/hooks/own", RAW, signed(RAW)))
    await asyncio.sleep(0)
    assert (await endpoint.ask("/hooks/own", RAW, signed(RAW))).status == 503
    assert memory.wait is not None
    memory.wait.set()
    assert (await first).status == 200
    assert (await endpoint.ask("/hooks/own", RAW, signed(RAW))).status == 200


async def test_the_handshake_keeps_nothing() -> None:
    """OPTIONS of the CloudEvents specification is answered from here."""
    memory = Memory()
    answer = await Endpoint(memory).ask(
        "/hooks/own", method="OPTIONS", headers={"webhook-request-origin": "eventemitter.example"}
    )
    assert (answer.status, answer.headers["webhook-allowed-origin"]) == (200, "eventemitter.example")
    assert memory.entries == []
