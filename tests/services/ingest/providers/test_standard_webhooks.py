"""Signatures as the Standard Webhooks specification and its published vector have them."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.generic.standard_webhooks import sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
STAMP = 1614265330
AT = datetime.fromtimestamp(STAMP, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def request(signature: str = SIGNATURE, stamp: str = str(STAMP), body: bytes = BODY) -> Request:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": stamp,
        "webhook-signature": signature,
    }
    return Request("POST", "", "", headers, body, AT)


def test_the_published_vector() -> None:
    """Our signature of the published message is the published one, and it is accepted."""
    assert sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", STAMP, BODY) == SIGNATURE
    verify(request(), (SECRET,), (AT,))


def test_any_secret_and_any_listed_signature_may_match() -> None:
    """During a rotation either secret is good; foreign versions and broken parts in the list do no harm."""
    verify(request(f"v1a,xx v1,AAAA {SIGNATURE} v1"), (OTHER, SECRET), (AT,))


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_are_tolerated(seconds: int) -> None:
    """Exactly five minutes still pass."""
    verify(request(), (SECRET,), (AT + timedelta(seconds=seconds),))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_more_than_five_minutes_are_not(seconds: int) -> None:
    """A second more is refused as stale, unless another instant may be now."""
    off = AT + timedelta(seconds=seconds)
    with pytest.raises(Unauthorized) as refused:
        verify(request(), (SECRET,), (off,))
    assert refused.value.reason == "stale_signature"
    verify(request(), (SECRET,), (off, AT))


@pytest.mark.parametrize(
    "wrong",
    [
        request(body=BODY + b" "),
        request(signature=SIGNATURE.replace("g0", "g1")),
        request(signature=SIGNATURE.removeprefix("v1,")),
        request(signature=""),
        request(stamp=f"{STAMP}.0"),
        request(stamp="٣"),
        request(stamp="9" * 400),
        Request("POST", "", "", {}, BODY, AT),
    ],
)
def test_what_does_not_match_is_refused(wrong: Request) -> None:
    """A changed body or signature, a bare or missing one, an odd timestamp."""
    with pytest.raises(Unauthorized):
        verify(wrong, (SECRET,), (AT,))


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_an_empty_key_opens_nothing(secret: str) -> None:
    """Anybody can sign with it."""
    with pytest.raises(Unauthorized):
        verify(request(sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", STAMP, BODY)), (secret,), (AT,))


def test_a_secret_without_padding_or_prefix() -> None:
    """The same key is meant by whsec_…, by the bare text, and without its padding."""
    for secret in ("whsec_c2VjcmV0LWtleQ==", "c2VjcmV0LWtleQ==", "whsec_c2VjcmV0LWtleQ"):
        assert sign(secret, "m", 1, b"x") == sign("whsec_c2VjcmV0LWtleQ==", "m", 1, b"x")
