"""Apprise against a plain HTTP receiver (its ``json://``): what is sent, what a failure means, that nothing hangs or leaks."""

import asyncio
import time

import pytest
from aiohttp import web

from schemas.floor.model import Channel
from services.alerts.notifiers import Making, make
from services.alerts.notifiers.apprise import AT_ONCE, Apprise, harmless
from services.alerts.notifiers.base import NotReached, Reference, Refused, Slow, Unknown
from services.alerts.wording import render
from services.kit.errors import Misconfigured
from tests.services.alerts.payloads import LINE, SLICE, but

REFERENCE = Reference("alert-1", 0)
RESOLVED = but(
    LINE, state="resolved", resolved_at="2026-11-23T11:52:00+00:00", last_failure="2026-11-23T11:42:00+00:00"
)


class Receiver:
    def __init__(self):
        self.status, self.wait_s, self.got, self.url = 200, 0.0, [], ""

    async def handle(self, request):
        self.got.append(await request.json())
        await asyncio.sleep(self.wait_s)
        return web.Response(status=self.status)


@pytest.fixture
async def receiver():
    found = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", found.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"json://127.0.0.1:{runner.addresses[0][1]}/s3cret"
    yield found
    await runner.cleanup()


@pytest.fixture
async def notifier(receiver):
    found = Apprise(receiver.url, timeout_s=1)
    yield found
    await found.close()


async def test_says_what_it_is(notifier, receiver):
    """Title, text and how serious it is: an outage, its end, a slice."""
    for payload in (LINE, RESOLVED, SLICE):
        await notifier.post("", render(payload), REFERENCE)
    assert [(one["type"], one["title"][:16]) for one in receiver.got] == [
        ("failure", "Линия pbx/trunk-"),
        ("success", "Линия pbx/trunk-"),
        ("info", "Срез 11:00: Хант"),
    ]
    assert "Это линия, не люди" in receiver.got[0]["message"]
    assert "\n" in receiver.got[0]["message"]


@pytest.mark.parametrize(
    ("status", "meaning"), [(429, Slow), (500, Unknown), (503, Unknown), (404, Refused), (403, Refused)]
)
async def test_what_a_failure_means(notifier, receiver, status, meaning):
    """By the status that the plugin logs."""
    receiver.status = status
    with pytest.raises(meaning) as error:
        await notifier.post("", render(LINE), REFERENCE)
    assert "s3cret" not in str(error.value)


async def test_nobody_listening_is_in_doubt():
    """A no without a reason may have arrived: it is sent again, marked."""
    found = Apprise("json://127.0.0.1:9/s3cret", timeout_s=1)
    with pytest.raises(Unknown, match="does not say why"):
        await found.post("", render(LINE), REFERENCE)
    await found.close()


async def test_a_receiver_that_hangs_holds_nobody_for_long(notifier, receiver):
    """Each message waits its time and no longer; while too many hang, the next is not even begun."""
    receiver.wait_s = 2.5
    began = time.monotonic()
    found = await asyncio.gather(
        *[notifier.post("", render(LINE), REFERENCE) for _ in range(AT_ONCE + 1)], return_exceptions=True
    )
    assert time.monotonic() - began < 2.3
    assert [type(one) for one in found] == [*[Unknown] * AT_ONCE, NotReached]


def test_data_calls_nobody():
    """Names with a service's control words are shown, never obeyed."""
    said = harmless("<!channel> @everyone <@U1> @Here @all anna@here.example a@b.c <b>")
    assert not any(word in said for word in ("<!", "<@", "@everyone", "@Here", "@all"))
    assert said.replace("\u2060", "") == "<!channel> @everyone <@U1> @Here @all anna@here.example a@b.c <b>"
    assert "a@b.c <b>" in said


@pytest.mark.parametrize("url", ["", "nonsense", "foo://x", "http://", "json://a, json://b"])
def test_an_address_that_is_none_is_named(url):
    """What cannot be used says so when the floor is applied; the address itself is not told."""
    channel = Channel.model_validate({"id": "any", "kind": "apprise", "url": {"env": "URL"}})
    with pytest.raises(Misconfigured) as error:
        make(channel, Making({"URL": url}, "", 1))
    assert "nonsense" not in str(error.value)
