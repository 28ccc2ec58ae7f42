"""Bitrix24: the application token, telephony into calls, CRM events that only name an id."""

from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.bitrix24 import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
ANSWERED = (FIXTURES / "call-end-answered.form").read_bytes()
AS_JSON = (FIXTURES / "call-end-answered.json").read_bytes()


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.form").read_bytes()


def changed(**fields: str) -> str:
    """The answered call with other fields of its data."""
    pairs = dict(parse_qsl(ANSWERED.decode(), keep_blank_values=True))
    return urlencode({**pairs, **{f"data[{name}]": value for name, value in fields.items()}})


@pytest.mark.parametrize("body", [ANSWERED, AS_JSON])
def test_the_application_token(body: bytes) -> None:
    """Compared with each configured one, in a form as on the wire and in JSON as in the documentation."""
    PROVIDER.verify(request(body), source(PROVIDER), {"application_token": ("old", "invented-token")}, (RECEIVED,))
    for tokens in (("other",), ("",), ()):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(request(body), source(PROVIDER), {"application_token": tokens}, (RECEIVED,))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"event=X", b"auth=5", b'{"auth": []}', b"auth[application_token][x]=invented-token"]
)
def test_without_a_token_nothing_is_let_in(body: bytes) -> None:
    """Bodies that carry no token are refused as unauthorized, whatever they are."""
    with pytest.raises(Unauthorized):
        PROVIDER.verify(request(body), source(PROVIDER), {"application_token": ("invented-token",)}, (RECEIVED,))


@pytest.mark.parametrize("body", [ANSWERED, AS_JSON])
def test_tokens_do_not_reach_the_journal(body: bytes) -> None:
    """Live OAuth tokens go with the application token; what is left still parses to the same."""
    kept = PROVIDER.redact(request(body))
    for token in (b"invented-access", b"invented-refresh", b"invented-token"):
        assert token not in kept.body
    assert PROVIDER.parse(kept, source(PROVIDER)) == parse(PROVIDER, body)


@pytest.mark.parametrize("body", [ANSWERED, AS_JSON])
def test_an_answered_call(body: bytes) -> None:
    """Without an answer or an end time, talk is counted from the start."""
    found = call(PROVIDER, body)
    assert (found.call_id, found.identity, found.direction) == ("src:INVENTED1.1795413600.1", "17", "outbound")
    assert (found.started_at, found.ended_at, found.talk_s) == (
        at("2026-11-23T06:00:00Z"),
        at("2026-11-23T06:01:35Z"),
        95,
    )
    assert (found.disposition, found.sip_status) == ("answered", 200)
    assert (found.line, found.did, found.customer) == ("src/+74950001122", "74950001122", "#+79990001122")


@pytest.mark.parametrize(
    ("code", "disposition", "sip"),
    [
        ("304", "no_answer", None),
        ("603", "rejected", 603),
        ("603-S", "canceled", None),
        ("403", "failed", 403),
        ("404", "failed", 404),
        ("486", "busy", 486),
        ("484", "failed", 484),
        ("503", "congestion", 503),
        ("480", "no_answer", 480),
        ("402", "failed", 402),
        ("423", "failed", 423),
        ("OTHER", "failed", None),
        ("", "no_answer", None),
        ("999", "failed", None),
    ],
)
def test_codes(code: str, disposition: str, sip: int | None) -> None:
    """Every code of the vendor's table; an unanswered call has no talk even when a duration is sent."""
    duration = "0" if code == "" else "12"
    found = call(PROVIDER, changed(CALL_FAILED_CODE=code, CALL_DURATION=duration))
    assert (found.disposition, found.sip_status, found.talk_s, found.answered_at) == (disposition, sip, 0, None)


@pytest.mark.parametrize(
    ("kind", "direction"), [("1", "outbound"), ("2", "inbound"), ("3", "inbound"), ("4", "outbound")]
)
def test_directions(kind: str, direction: str) -> None:
    """A call redirected to a mobile is inbound; a callback is ours."""
    assert call(PROVIDER, changed(CALL_TYPE=kind)).direction == direction


def test_an_info_call_is_nobodys_attempt() -> None:
    """A robot that reads a text is not an agent."""
    assert [part.reason for part in parse(PROVIDER, changed(CALL_TYPE="5")).ignored] == ["info_call"]


def test_a_redirected_call_on_a_connection_without_a_number() -> None:
    """The connection's code is the line; it is no number of ours."""
    found = call(PROVIDER, fixture("call-end-redirected"))
    assert (found.direction, found.line, found.did) == ("inbound", "src/reg000001", None)


def test_start_times() -> None:
    """Without an offset it is the source's wall clock; without a start the sending time is the best guess of the end."""
    assert call(PROVIDER, changed(CALL_START_DATE="2026-11-23 09:00:00")).started_at == at("2026-11-23T06:00:00Z")
    assert call(PROVIDER, changed(CALL_START_DATE="")).ended_at == at("2026-11-23T06:02:40Z")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("ONVOXIMPLANTCALLINIT", "ringing"),
        ("OnVoximplantCallStart", "ringing"),
        ("ONCRMDEALUPDATE", "needs_readback"),
        ("ONCRMDYNAMICITEMUPDATE", "needs_readback"),
        ("ONTASKADD", "unknown_event"),
    ],
)
def test_events_that_count_nothing(event: str, reason: str) -> None:
    """Ringing, CRM events that only name an id, and events that are not ours."""
    parsed = parse(PROVIDER, ANSWERED.replace(b"ONVOXIMPLANTCALLEND", event.encode()))
    assert ([part.reason for part in parsed.ignored], parsed.drafts) == ([reason], ())
    assert [part.detail for part in parse(PROVIDER, fixture("deal-update")).ignored] == ["ONCRMDEALUPDATE 501"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"CALL_ID": ""}, "missing_field"), ({"CALL_TYPE": ""}, "missing_field"), ({"CALL_TYPE": "9"}, "bad_value")],
)
def test_parts_that_are_missing(fields: dict[str, str], reason: str) -> None:
    """A call end that cannot be understood is kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed(**fields)).rejected] == [reason]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b"a=b", b"event=", b'{"event": ["x"]}'])
def test_garbage(body: bytes) -> None:
    """What is no event is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_real_bodies() -> None:
    """The documentation's missed call, and its events that count nothing."""
    found = call(PROVIDER, real("bitrix24-ONVOXIMPLANTCALLEND-missed-1.json"))
    assert found.call_id == "src:externalCall.7b0c7de811455ef32b18dc5917e4306a.1773239327"
    assert (found.started_at, found.talk_s, found.disposition) == (at("2026-03-11T14:28:46Z"), 0, "no_answer")
    assert (found.identity, found.direction, found.line) == ("1269", "outbound", "src/REST_APP:")
    for name, reason in (
        ("ONVOXIMPLANTCALLINIT-1", "ringing"),
        ("ONVOXIMPLANTCALLSTART-1", "ringing"),
        ("ONCRMDEALADD-app-1", "needs_readback"),
        ("ONCRMDEALADD-outgoing-webhook-2", "needs_readback"),
        ("ONCRMDEALMOVETOCATEGORY-1", "needs_readback"),
        ("ONCRMDYNAMICITEMUPDATE-1", "needs_readback"),
    ):
        assert [part.reason for part in parse(PROVIDER, real(f"bitrix24-{name}.json")).ignored] == [reason]
