"""What we send, read by the library that the authors of Standard Webhooks publish."""

import base64

import pytest
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from services.alerts.notifiers.base import Reference, Refused, Slow, Unknown
from services.alerts.notifiers.webhook import Webhook
from services.alerts.wording.content import Content
from services.kit.errors import Misconfigured

OLD, NEW, OTHER = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3))
CONTENT = Content("Линия «Б» не работает", data={"kind": "outage", "alert": "a"})


async def sent(receiver, secret, transition=0):
    notifier = Webhook(receiver.url, secret, timeout_s=1)
    try:
        await notifier.post("", CONTENT, Reference("a", transition))
    finally:
        await notifier.close()
    headers, raw = receiver.got[-1]
    return {name.lower(): value for name, value in headers.items()}, raw


async def test_the_standards_own_library_knows_our_signature(receiver):
    """Body in Russian, signed over its bytes; another secret, or one letter more, is refused."""
    headers, raw = await sent(receiver, NEW)
    told = Receiver(NEW).verify(raw, headers)
    assert (told["type"], told["data"]["alert"]) == ("srez.outage", "a")
    for secret, body in ((OTHER, raw), (NEW, raw + b" ")):
        with pytest.raises(WebhookVerificationError):
            Receiver(secret).verify(body, headers)


async def test_while_a_secret_is_changed_both_are_good(receiver):
    """New and old one: whoever knows either accepts; a third is refused."""
    headers, raw = await sent(receiver, f"{NEW} {OLD}")
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        assert Receiver(secret).verify(raw, headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(OTHER).verify(raw, headers)


async def test_a_repeat_is_the_same_message_and_another_state_is_not(receiver):
    """The id is that of (message, state), so that a receiver drops what it has had."""
    ids = [(await sent(receiver, NEW, transition))[0]["webhook-id"] for transition in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("status", "error"),
    [(410, Refused), (400, Refused), (301, Refused), (429, Slow), (500, Unknown), (502, Unknown), (504, Unknown)],
)
async def test_what_an_answer_means(receiver, status, error):
    """Gone, a bad request and a redirect are final and stand on the board; too many wait; the server's own are sent again."""
    receiver.answers = [status]
    with pytest.raises(error):
        await sent(receiver, NEW)


@pytest.mark.parametrize("secret", ["whsec_%%%", "whsec_" + base64.b64encode(b"x" * 23).decode(), f"{NEW} whsec_"])
def test_a_secret_that_is_none(secret):
    with pytest.raises(Misconfigured):
        Webhook("http://x", secret, timeout_s=1)
