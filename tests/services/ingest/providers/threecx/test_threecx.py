"""3CX: our template and others', dates in several cultures, a key for calls that have no id."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import xmltodict

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.threecx import PROVIDER, report, when
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
TEMPLATE = Path(report.__file__).with_name("template.xml")


def fixture(name: str) -> str:
    return next(FIXTURES.glob(f"{name}.*")).read_text("utf-8")


def changed(name: str, **fields: object) -> str:
    return json.dumps({**json.loads(fixture(name)), **fields})


def test_the_secrets() -> None:
    """The path in the template's address, or the bearer token of its header, or both."""
    body = fixture("outbound")
    for good, secrets in (
        (request(body, "secret"), {"path": ("secret",)}),
        (request(body, authorization="Bearer token"), {"bearer": ("new", "token")}),
    ):
        PROVIDER.verify(good, source(PROVIDER), secrets, (RECEIVED,))
    for wrong, secrets in (
        (request(body, "secret"), {"path": ("other",)}),
        (request(body, "secret", authorization="Bearer x"), {"path": ("secret",), "bearer": ("token",)}),
        (request(body, authorization="Bearer [SrezToken]"), {"bearer": ("token",)}),
        (request(body, "secret"), {}),
    ):
        with pytest.raises(Unauthorized):
            PROVIDER.verify(wrong, source(PROVIDER), secrets, (RECEIVED,))


def test_our_template_sends_what_we_read() -> None:
    """Every key of its ReportCall is one that the parser knows, and the established time, null when missed, is not there."""
    text = TEMPLATE.read_text("utf-8")
    scenario = xmltodict.parse(text)["Crm"]["Scenarios"]["Scenario"]
    assert (scenario["@Id"], scenario["Request"]["@RequestEncoding"]) == ("ReportCall", "Json")
    keys = {value["@Key"] for value in scenario["Request"]["PostValues"]["Value"]}
    known = {name for names in report.KEYS.values() for name in names}
    assert {key.lower() for key in keys} - known == {"queueextension"}
    assert set(json.loads(fixture("outbound"))) == keys
    assert not re.search(r">[^<]*CallEstablished", text.partition("<Crm")[2])


def test_an_answered_call_of_our_template() -> None:
    """Talk is the duration, at the end of the call."""
    found = call(PROVIDER, fixture("outbound"))
    assert (found.identity, found.direction, found.disposition) == ("101", "outbound", "answered")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:00:12Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:01:40Z"), 88, 12)
    assert (found.line, found.customer, found.recording_url) == ("src", "#79990001122", "https://pbx.example/rec/1.wav")


def test_a_missed_call() -> None:
    """Its duration is no talk; an unexpanded variable is empty."""
    found = call(PROVIDER, fixture("missed"))
    assert (found.direction, found.disposition, found.identity) == ("inbound", "no_answer", "102")
    assert (found.talk_s, found.answered_at, found.ring_s) == (0, None, 17)
    assert call(PROVIDER, changed("missed", agent="")).identity is None


def test_other_templates() -> None:
    """Other keys, UrlEncoded, the culture of the machine, a GET; nested objects."""
    found = call(PROVIDER, fixture("other-template"))
    assert (found.direction, found.identity, found.talk_s) == ("inbound", "103", 45)
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:02:00Z"), at("2026-11-23T06:02:10Z"))
    assert parse(PROVIDER, b"", query=fixture("other-template")) == parse(PROVIDER, fixture("other-template"))
    german = call(PROVIDER, fixture("german"))
    assert (german.disposition, german.started_at) == ("no_answer", at("2026-11-23T06:03:00Z"))
    assert german.ended_at == at("2026-11-23T06:03:20Z")
    nested = json.dumps({"call": json.loads(fixture("outbound"))})
    assert call(PROVIDER, nested) == call(PROVIDER, fixture("outbound"))


def test_the_key_of_a_call() -> None:
    """Agent, number and start: the same in any prefix mode or length of the number, another for another of the three."""
    (one,) = drafts(PROVIDER, fixture("outbound"))
    for number in ("0079990001122", "79990001122", "990001122", "+7 999 000-11-22"):
        (same,) = drafts(PROVIDER, changed("outbound", number=number))
        assert same.provider_id == one.provider_id
    others = [{"agent": "105"}, {"number": "+79990001123"}, {"startTimeUtc": "2026-11-23T06:00:01Z"}]
    ids = {drafts(PROVIDER, changed("outbound", **other))[0].provider_id for other in others}
    assert len({one.provider_id, *ids}) == 4
    assert "1122" not in one.provider_id
    assert call(PROVIDER, changed("outbound", callId="0000-1")).call_id == "src:0000-1"


@pytest.mark.parametrize(
    ("call_type", "direction", "expected"),
    [
        ("Inbound", "", ("inbound", "answered")),
        ("Outbound", "", ("outbound", "answered")),
        ("Missed", "", ("inbound", "no_answer")),
        ("Notanswered", "", ("outbound", "no_answer")),
        ("Not answered", "", ("outbound", "no_answer")),
        ("Martian", "Inbound", ("inbound", "no_answer")),
        ("Martian", "", ("outbound", "no_answer")),
        ("Incoming", "", ("inbound", "no_answer")),
        ("", "", ("outbound", "no_answer")),
    ],
)
def test_call_types(call_type: str, direction: str, expected: tuple[str, str]) -> None:
    """The four words of public templates; an unknown one alone is never an answer."""
    found = call(PROVIDER, changed("outbound", callType=call_type, callDirection=direction))
    assert (found.direction, found.disposition) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T06:00:00Z",
        "2026-11-23T06:00:00.0000000Z",
        "2026-11-23T09:00:00+03:00",
        "2026-11-23 06:00:00",
        "2026-11-23 06:00",
        "2026/11/23 6:00:00",
        "11/23/2026 6:00:00 AM",
        "11/23/2026 6:00:00\u202fAM",
        "11/23/2026 06:00:00",
        "23/11/2026 06:00:00",
        "23.11.2026 6:00:00",
        "23. 11. 2026 6:00:00",
        "23-11-2026 06:00",
        "23-11-26 06:00:00",
        "23.11.2026, 06.00.00",
        "Mon, 23 Nov 2026 06:00:00 GMT",
        "1795413600",
        "1795413600000",
    ],
)
def test_cultures(text: str) -> None:
    """Whatever the PBX's culture prints."""
    reading = when.Reading("UTC", None, RECEIVED)
    assert when.instant(text, reading) == at("2026-11-23T06:00:00Z")


def test_a_day_that_could_be_a_month() -> None:
    """The option tells; else the receipt; else the separator."""
    near = datetime(2026, 4, 3, 10, 5, tzinfo=UTC)
    us, eu = at("2026-03-04T10:00:00Z"), at("2026-04-03T10:00:00Z")
    for text, order, received, expected in (
        ("03/04/2026 10:00:00", "mdy", near, us),
        ("03/04/2026 10:00:00", "dmy", RECEIVED, eu),
        ("03/04/2026 10:00:00", None, near, eu),
        ("03/04/2026 10:00:00", None, us + timedelta(minutes=1), us),
        ("03/04/2026 10:00:00", None, RECEIVED, us),
        ("03.04.2026 10:00:00", None, RECEIVED, eu),
        ("03/04/2026 10:00:00", "martian", RECEIVED, us),
    ):
        assert when.instant(text, when.Reading("UTC", order, received)) == expected
    assert call(PROVIDER, changed("missed", startTimeUtc="3/4/2026 10:00:00", endTimeUtc=""), options={"dates": "dmy"})


@pytest.mark.parametrize("text", ["", "soon", "13/13/2026 06:00:00", "32.01.2026 06:00", "11/23/2026 16:00:00 PM", "0"])
def test_no_instants(text: str) -> None:
    """What no culture prints."""
    assert when.instant(text, when.Reading("UTC", None, RECEIVED)) is None


def test_local_variables() -> None:
    """…Local and [DateTime] are the PBX's clock: the source's time zone."""
    found = call(PROVIDER, urlencode({"CallType": "Missed", "Agent": "1", "DateTime": "11/23/2026 9:00:00 AM"}))
    assert found.started_at == at("2026-11-23T06:00:00Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:01:05", 65),
        ("0:01:05.5000000", 65.5),
        ("1:05", 65),
        ("65", 65),
        ("65,4", 65.4),
        ("1.00:00:05", 86_405),
        ("", None),
        ("-5", None),
        ("long", None),
    ],
)
def test_lengths(text: str, expected: float | None) -> None:
    """hh:mm:ss, a TimeSpan with days or a fraction, or seconds."""
    assert when.length_s(text) == expected


def test_the_established_time_of_another_template() -> None:
    """Where it is told, talk begins there, whatever the duration holds."""
    found = call(PROVIDER, changed("outbound", CallEstablishedTimeUTC="2026-11-23T06:00:20Z", durationSeconds="100"))
    assert (found.answered_at, found.talk_s) == (at("2026-11-23T06:00:20Z"), 80)
    open_end = changed("outbound", establishedAt="2026-11-23T06:00:20Z", endTimeUtc="", durationSeconds="60")
    assert call(PROVIDER, open_end).ended_at == at("2026-11-23T06:01:20Z")


def test_an_unknown_type_with_an_answer() -> None:
    """3CX has no established time for a call that nobody took; a missed call stays one."""
    told = {"CallEstablishedTimeUTC": "2026-11-23T06:00:20Z"}
    found = call(PROVIDER, changed("outbound", callType="Martian", **told))
    assert (found.disposition, found.answered_at) == ("answered", at("2026-11-23T06:00:20Z"))
    assert call(PROVIDER, changed("outbound", callType="Missed", **told)).talk_s == 0


def test_internal_calls_and_fields() -> None:
    """The other party is an extension; who the agent is can stand elsewhere."""
    found = call(PROVIDER, fixture("internal"), fields={"identity": "agentEmail", "line": "queueExtension"})
    assert (found.direction, found.customer, found.identity) == ("internal", None, "ivan@example.ru")


def test_a_call_without_its_start() -> None:
    """Kept and shown with the reason."""
    parsed = parse(PROVIDER, changed("outbound", startTimeUtc="soon"))
    assert [part.reason for part in parsed.rejected] == ["missing_field"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"hello", b'{"a":1}', b"a=1", b"[" * 99_999])
def test_garbage(body: bytes) -> None:
    """What tells of no call is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_a_template_that_was_never_filled() -> None:
    """The expressions themselves are no values."""
    with pytest.raises(BadInput):
        parse(PROVIDER, real("3cx-ReportCall-postvalues-1.json"))
