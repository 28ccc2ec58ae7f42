"""What every notifier keeps to; the same suite over all of them."""

import base64
import hashlib
import hmac
import io
import json
from datetime import UTC, datetime

import pytest

from schemas.floor.model import Channel
from services.alerts.notifiers import ABILITIES, NOTIFIERS, Making, make
from services.alerts.notifiers.base import Notifier, NotReached, Reference, Refused, Slow, Unknown
from services.alerts.notifiers.console import Console
from services.alerts.notifiers.email import Email
from services.alerts.wording import render
from services.kit.errors import Misconfigured
from tests.services.alerts.payloads import LINE
from tests.support.fake_slack import TOKEN
from tests.support.fake_smtp import running_smtp

KEY = b"0123456789abcdef0123456789abcdef"
CONTENT = render(LINE)
REFERENCE = Reference("alert-1", 0)


@pytest.fixture
async def smtp():
    async with running_smtp() as found:
        yield found


def channel(kind: str) -> Channel:
    return Channel.model_validate(
        {
            "id": kind,
            "kind": kind,
            "token": {"env": "TOKEN"},
            "url": {"env": "URL"},
            "signing": {"env": "SIGNING"},
            "sender": "srez@example.org",
        }
    )


@pytest.fixture(params=sorted(NOTIFIERS))
async def notifier(request, slack, receiver, smtp):
    url = f"smtp+plain://127.0.0.1:{smtp.port}" if request.param == "email" else receiver.url
    url = url.replace("http://", "json://") if request.param == "apprise" else url
    environment = {"TOKEN": TOKEN, "URL": url, "SIGNING": "whsec_" + base64.b64encode(KEY).decode()}
    found = make(channel(request.param), Making(environment, slack.url, 1, receiver.url))
    yield found
    await found.close()


def plan(notifier, slack, receiver, status):
    """The next call meets this HTTP status."""
    slack.next("chat.postMessage", str(status))
    receiver.answers.append(status)


async def test_posts(notifier: Notifier):
    """A message goes out and says which state it shows."""
    sent = await notifier.post("C0FLOOR", CONTENT, REFERENCE)
    assert sent.transition == 0
    assert bool(sent.ts) == (notifier.ability.edits or notifier.ability.follows)


async def test_cannot_what_it_says_it_cannot(notifier: Notifier):
    """Editing and looking up are refused clearly where they are impossible."""
    if not notifier.ability.edits:
        with pytest.raises(Refused):
            await notifier.update("C0FLOOR", "1", CONTENT, REFERENCE)
    if not notifier.ability.finds:
        with pytest.raises(Refused):
            await notifier.find("C0FLOOR", "alert-1", datetime.now(UTC))


async def test_tells_busy_from_broken(notifier: Notifier, slack, receiver):
    """429 is a wish to wait; 5xx leaves open whether it arrived; 4xx is a no."""
    if isinstance(notifier, Console | Email):
        return  # a mail server speaks otherwise: test_email.py
    plan(notifier, slack, receiver, 429)
    with pytest.raises(Slow) as slow:
        await notifier.post("C0FLOOR", CONTENT, REFERENCE)
    assert slow.value.retry_after_s >= 1
    plan(notifier, slack, receiver, 500)
    with pytest.raises(Unknown):
        await notifier.post("C0FLOOR", CONTENT, REFERENCE)
    slack.next("chat.postMessage", "channel_not_found")
    receiver.answers.append(404)
    with pytest.raises(Refused):
        await notifier.post("C0FLOOR", CONTENT, REFERENCE)


@pytest.mark.parametrize("kind", sorted(set(NOTIFIERS) - {"console", "apprise"}))
async def test_nobody_listening_is_not_in_doubt(kind):
    """A refused connection surely delivered nothing. (Apprise does not say why it failed: in doubt, test_apprise.py.)"""
    url = "smtp://127.0.0.1:9" if kind == "email" else "http://127.0.0.1:9/"
    environment = {"TOKEN": TOKEN, "URL": url, "SIGNING": "whsec_" + base64.b64encode(KEY).decode()}
    found = make(channel(kind), Making(environment, "http://127.0.0.1:9/api/", 1, "http://127.0.0.1:9"))
    with pytest.raises(NotReached):
        await found.post("C0FLOOR", CONTENT, REFERENCE)
    await found.close()


@pytest.mark.parametrize("kind", sorted(set(NOTIFIERS) - {"console"}))
def test_a_missing_secret_is_named(kind):
    """The operator reads which variable to set."""
    with pytest.raises(Misconfigured, match=r"channel .*: (TOKEN|URL|SIGNING) is not set"):
        make(channel(kind), Making({}, "http://127.0.0.1:9/api/", 1))


def test_every_notifier_states_its_abilities():
    """Routing knows who has threads without building anybody."""
    assert set(ABILITIES) == set(NOTIFIERS)


async def test_slack_finds_its_own_message(slack):
    """By metadata, in the channel and in a thread; nobody else's."""
    found = make(channel("slack"), Making({"TOKEN": TOKEN}, slack.url, 1))
    since = datetime.now(UTC)
    first = await found.post("C0FLOOR", CONTENT, REFERENCE)
    below = await found.post("C0FLOOR", CONTENT, Reference("alert-1/details", 0), first.ts)
    assert await found.find("C0FLOOR", "alert-1", since) == first
    assert await found.find("C0FLOOR", "alert-1/details", since, first.ts) == below
    assert await found.find("C0FLOOR", "alert-2", since) is None


async def test_a_webhook_is_signed(receiver):
    """Standard Webhooks: id, timestamp and HMAC over the raw body; a repeat carries the same id."""
    secret = "whsec_" + base64.b64encode(KEY).decode()
    found = make(channel("webhook"), Making({"URL": receiver.url, "SIGNING": secret}, "", 1))
    await found.post("", CONTENT, REFERENCE)
    await found.post("", CONTENT, REFERENCE)
    await found.close()
    (headers, raw), (again, _) = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-id"] == again["webhook-id"]
    assert json.loads(raw)["type"] == "srez.outage"


async def test_the_console_is_readable():
    """A paragraph a message; control characters in data stay harmless."""
    out = io.StringIO()
    await Console(out).post("", render({**LINE, "line": "trunk\x1b[2J"}), REFERENCE)
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().startswith("■ Линия trunk")
