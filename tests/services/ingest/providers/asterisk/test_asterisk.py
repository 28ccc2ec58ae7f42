"""Asterisk: forms as dialplans send them, CDRs of one call joined, channel events beside them."""

import base64
import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from schemas.facts import CallEnded
from services.ingest.providers.asterisk import PROVIDER, statuses
from services.ingest.providers.base import Unauthorized
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def cdr(**changed: object) -> dict[str, Any]:
    """A row of FreePBX's table: an agent called out and was answered."""
    row: dict[str, Any] = {
        "calldate": "2026-11-23 09:00:00", "clid": '"Olga" <204>', "src": "204", "dst": "79990001122",
        "dcontext": "from-internal", "channel": "PJSIP/204-0000001c", "dstchannel": "PJSIP/trunk-a-0000001d",
        "lastapp": "Dial", "duration": 100, "billsec": 88, "disposition": "ANSWERED", "uniqueid": "1795413600.28",
        "linkedid": "1795413600.28",
    }  # fmt: skip
    return {name: value for name, value in {**row, **changed}.items() if value is not ...}


def posted(*rows: dict[str, Any]) -> bytes:
    return json.dumps(rows).encode()


def essence(found: CallEnded) -> tuple[object, ...]:
    return (found.direction, found.identity, found.disposition, found.talk_s, found.line, found.customer)


@pytest.mark.parametrize(
    ("secrets", "path", "basic", "opens"),
    [
        ({"path": ("s3", "old")}, "s3", None, True),
        ({"path": ("s3", "old")}, "old", None, True),
        ({"path": ("s3",)}, "s4", None, False),
        ({"path": ("s3",)}, "", None, False),
        ({"basic": ("pbx:word",)}, "", "pbx:word", True),
        ({"basic": ("pbx:word",)}, "", "pbx:other", False),
        ({"path": ("s3",), "basic": ("pbx:word",)}, "s3", None, False),
        ({"path": ("s3",), "basic": ("pbx:word",)}, "s3", "pbx:word", True),
        ({}, "s3", "pbx:word", False),
    ],
)
def test_who_may_post(secrets: dict[str, tuple[str, ...]], path: str, basic: str | None, opens: bool) -> None:
    """The path secret, the Basic credentials, or both; each with the values of a rotation; nothing configured opens nothing."""
    headers = {"authorization": "Basic " + base64.b64encode(basic.encode()).decode()} if basic else {}
    asked = request(fixture("cdr-outbound.txt"), path, **headers)
    if opens:
        PROVIDER.verify(asked, source(PROVIDER), secrets, (RECEIVED,))
    else:
        with pytest.raises(Unauthorized):
            PROVIDER.verify(asked, source(PROVIDER), secrets, (RECEIVED,))


@pytest.mark.parametrize(
    ("name", "call_id", "started", "answered", "ended", "told"),
    [
        ("cdr-outbound.txt", "1795413600.28", "06:00:00", "06:00:12", "06:01:40",
         ("outbound", "204", "answered", 88, "src/trunk-a", "#79990001122")),
        ("cdr-outbound-failed.txt", "1795413900.32", "06:05:00", None, "06:05:09",
         ("outbound", "204", "failed", 0, "src/trunk-a", "#79990001123")),
        ("cdr-internal.txt", "1795414200.48", "06:10:00", None, "06:10:25", ("internal", "204", "no_answer", 0, "src", None)),
        ("row-inbound-queue.json", "1795414800.64", "06:20:00", "06:20:40", "06:22:40",
         ("inbound", "204", "answered", 120, "src/trunk-a", "#79990001124")),
        ("row-inbound-menu.json", "1795415400.80", "06:30:00", None, "06:30:41",
         ("inbound", None, "no_answer", 0, "src/trunk-a", "#79990001125")),
        ("freepbx-answered.form", "1795416000.96", "06:40:00", "06:40:15", "06:41:15",
         ("inbound", "204", "answered", 60, "src", "#+79990001126")),
        ("freepbx-no-answer.form", "1795416300.97", "06:45:00", None, "06:45:30",
         ("outbound", "204", "no_answer", 0, "src", "#79990001127")),
        ("cel-inbound.json", "1795417200.110", "07:00:00.1", "07:00:31.1", "07:01:31.1",
         ("inbound", "204", "answered", 60, "src/trunk-a", "#79990001128")),
        ("ari-stasis-end.json", "1795417785.120", "07:09:45.688", None, "07:10:15.716",
         ("outbound", "204", "answered", 0, "src", "#79990001129")),
        ("ari-destroyed.json", "1795417785.120", "07:09:50", None, "07:10:16",
         ("outbound", None, "busy", 0, "src/trunk-a", "#79990001129")),
    ],
)  # fmt: skip
def test_each_shape(
    name: str, call_id: str, started: str, answered: str | None, ended: str, told: tuple[object, ...]
) -> None:
    """Who, when, how long, by which way, for every fixture."""
    found = call(PROVIDER, fixture(name))
    assert found.call_id == f"src:{call_id}"
    assert (found.started_at, found.ended_at) == (at(f"2026-11-23T{started}Z"), at(f"2026-11-23T{ended}Z"))
    assert found.answered_at == (at(f"2026-11-23T{answered}Z") if answered else None)
    assert essence(found) == told


def test_names_in_any_case_and_shape_say_the_same() -> None:
    """AMI text, a form of the same names, JSON, a wrapped object, another case, CDR() names, a query: one fact."""
    expected = call(PROVIDER, fixture("cdr-outbound.txt"))
    fields = dict(line.split(": ", 1) for line in fixture("cdr-outbound.txt").decode().split("\r\n") if ": " in line)
    shapes = [
        json.dumps(fields),
        json.dumps({name.upper(): value for name, value in fields.items()}),
        json.dumps({"cdr": {name.lower(): value for name, value in fields.items()}}),
        json.dumps({"rows": [fields, fields]}),
        "&".join(f"{name}={value}" for name, value in fields.items()),
        "&".join(f"{name.lower()}={value}".replace(" ", "+") for name, value in fields.items()),
        "payload=" + json.dumps(fields),
        "\n".join(f"{name}: {value}" for name, value in fields.items()),
    ]
    for shape in shapes:
        assert call(PROVIDER, shape) == expected
    query = "uniqueid=1795413600.28&src=204&dst=79990001122&start=2026-11-23+09:00:00&duration=100&disposition=BUSY"
    legs = PROVIDER.parse(request(b"", query=query, method="GET"), source(PROVIDER)).legs
    assert [leg.call for leg in legs] == ["1795413600.28"]


def test_tables_as_databases_print_them() -> None:
    """psql's and MySQL's tables, across and upright."""
    row = {name: str(value) for name, value in cdr().items() if name != "clid"}
    names, cells = " | ".join(row), " | ".join(row.values())
    expected = call(PROVIDER, posted(cdr()))
    upright = "\n".join(f"{name:>12}: {value}" for name, value in row.items())
    expanded = "\n".join(f"{name:<12} | {value}" for name, value in row.items())
    for shape in (
        f"{names}\n{'-' * 8}+{'-' * 8}\n{cells}\n(1 row)\n",
        f"+----+----+\n| {names} |\n+----+----+\n| {cells} |\n+----+----+\n",
        f"*************************** 1. row ***************************\n{upright}\n",
        f"-[ RECORD 1 ]+-------\n{expanded}\n",
    ):
        assert call(PROVIDER, shape) == expected


def test_legs_in_any_order_are_one_call() -> None:
    """Three records of a queue's call, each in a request of its own, in every order: the agent's talk only."""
    rows = json.loads(fixture("row-inbound-queue.json"))
    expected = call(PROVIDER, fixture("row-inbound-queue.json"))
    for order in permutations(rows):
        assert call(PROVIDER, *(posted(row) for row in order)) == expected
    assert call(PROVIDER, *(posted(row) for row in (*rows, *rows))) == expected


def test_cel_rows_one_by_one() -> None:
    """The same as together; with their CDR the talk is that of the bridge, not of the menu before it."""
    rows = json.loads(fixture("cel-inbound.json"))
    expected = call(PROVIDER, fixture("cel-inbound.json"))
    assert call(PROVIDER, *(posted(row) for row in reversed(rows))) == expected
    assert (expected.hangup_by, expected.q850) == ("customer", 16)
    record = cdr(
        calldate="2026-11-23 10:00:00", src="79990001128", dst="204", channel="PJSIP/trunk-a-00000060",
        dstchannel="PJSIP/204-00000061", duration=91, billsec=90, uniqueid="1795417200.110", linkedid="1795417200.110",
    )  # fmt: skip
    assert call(PROVIDER, posted(record)).talk_s == 90
    assert call(PROVIDER, posted(record), *(posted(row) for row in rows)).talk_s == 60


def test_channels_that_go_on_are_no_call_yet() -> None:
    """10:00 the trunk, 10:00:31 an agent: counted when the call's own channel, or every known one, has ended."""
    rows = json.loads(fixture("cel-inbound.json"))
    ends = [number for number, row in enumerate(rows) if row["eventtype"] in ("HANGUP", "CHAN_END", "LINKEDID_END")]
    for count in range(1, ends[0] + 1):
        assert drafts(PROVIDER, *(posted(row) for row in rows[:count])) == []
    assert [part.reason for part in parse(PROVIDER, posted(rows[0])).ignored] == ["ringing"]
    trunk, agent = (
        [row for row in rows if row["channame"].startswith(f"PJSIP/{name}-")] for name in ("trunk-a", "204")
    )
    of_agent = [row for row in agent if row["eventtype"] != "LINKEDID_END"]
    assert drafts(PROVIDER, posted(trunk[0], *of_agent)) == []
    assert call(PROVIDER, posted(agent[0], *(row for row in trunk if row["eventtype"] == "HANGUP"))).call_id
    assert call(PROVIDER, posted(rows[0], *(row for row in rows if row["eventtype"] == "LINKEDID_END"))).call_id
    for event in (
        {"Event": "BridgeEnter", "Uniqueid": "1.1", "Linkedid": "1.1", "Channel": "PJSIP/204-00000001"},
        {"type": "ChannelEnteredBridge", "channel": {"id": "1.1", "name": "PJSIP/204-00000001", "state": "Up"}},
    ):
        assert drafts(PROVIDER, json.dumps(event)) == []


def test_a_hangup_handler_may_name_its_event() -> None:
    """A record of one's own with ``event=hangup`` is a CDR and not AMI's Hangup, whose fields are others."""
    own = call(PROVIDER, posted({**cdr(), "event": "hangup"}))
    assert own == call(PROVIDER, posted(cdr()))


def test_a_hangup_brings_its_cause() -> None:
    """FAILED with the cause "rejected" is a person's no; before its CDR the hang-up alone counts already, as the same call."""
    before = call(PROVIDER, fixture("hangup-rejected.txt"))
    assert (before.direction, before.disposition, before.q850) == ("outbound", "rejected", 21)
    for order in permutations([fixture("hangup-rejected.txt"), fixture("cdr-outbound-failed.txt")]):
        found = call(PROVIDER, *order)
        assert found.call_id == before.call_id
        assert (found.identity, found.disposition, found.q850, found.sip_status) == ("204", "rejected", 21, 603)
        assert (found.started_at, found.ended_at) == (at("2026-11-23T06:05:00Z"), at("2026-11-23T06:05:09Z"))


def test_bridge_times_that_the_reader_adds() -> None:
    """`srez asterisk` tells with a hang-up when the channel was bridged: the menu's time is no talk."""
    record = cdr(
        src="79990001128", dst="204", channel="PJSIP/trunk-a-00000060", dstchannel="PJSIP/204-00000061", billsec=99
    )
    hangup = {
        "Event": "Hangup", "Timestamp": "1795413699.5", "Channel": "PJSIP/204-00000061", "ChannelState": "6",
        "Uniqueid": "1795413630.29", "Linkedid": "1795413600.28", "Cause": "16",
        "Bridged": "1795413640.5-1795413670.5,1795413680.5-1795413699.5",
    }  # fmt: skip
    found = call(PROVIDER, posted(record), json.dumps(hangup))
    assert (found.talk_s, found.identity, found.answered_at) == (49, "204", at("2026-11-23T06:00:40.5Z"))
    assert call(PROVIDER, posted(record), json.dumps({**hangup, "Bridged": "x,1-y,5"})).talk_s == 99
    destroyed = json.loads(fixture("ari-stasis-end.json")) | {"type": "ChannelDestroyed", "cause": 16}
    alone = call(PROVIDER, json.dumps({**destroyed, "bridged": "1795417790.5-1795417800.5"}))
    assert (alone.talk_s, alone.disposition, alone.identity) == (10, "answered", "204")


def test_who_answered_when_nobody_did() -> None:
    """ANSWERED by a menu, a queue without an agent, an announcement or a mailbox is no talk; what is not told is believed."""
    for app, peer, disposition, talk in (
        ("BackGround", "", "no_answer", 0),
        ("Queue", "", "no_answer", 0),
        ("Queue", ..., "no_answer", 0),
        ("Playback", ..., "no_answer", 0),
        ("VoiceMail", "PJSIP/204-00000009", "voicemail", 0),
        ("Dial", ..., "answered", 88),
        ("", ..., "answered", 88),
        ("System", ..., "answered", 88),
        ("Queue", "PJSIP/204-00000009", "answered", 88),
        ("SomethingNew", "PJSIP/204-00000009", "answered", 88),
    ):
        row = cdr(src="79990001122", dst="204", channel="PJSIP/trunk-a-00000008", dstchannel=peer, lastapp=app)
        found = call(PROVIDER, posted(row))
        assert (app, found.disposition, found.talk_s) == (app, disposition, talk)


def test_a_forked_dial() -> None:
    """A ring group: the one who answered; when nobody did, no one of several, and the only one if it was one."""
    asked = cdr(src="79990001122", dst="600", channel="PJSIP/trunk-a-00000008", disposition="NO ANSWER", billsec=0)
    first, second = asked | {"dstchannel": "PJSIP/204-00000009"}, asked | {"dstchannel": "PJSIP/207-0000000a"}
    won = second | {"disposition": "ANSWERED", "billsec": 40}
    assert call(PROVIDER, posted(first, won)).identity == "207"
    assert call(PROVIDER, posted(first, second)).identity is None
    assert call(PROVIDER, posted(first)).identity == "204"


def test_a_transfer_counts_the_longest_talk() -> None:
    """An agent's own records are added up; the agent who talked longest has the call, and it stays outbound."""
    own = cdr(duration=30, billsec=18, sequence=1)
    again = cdr(calldate="2026-11-23 09:00:30", duration=20, billsec=20, sequence=2)
    other = cdr(
        calldate="2026-11-23 09:00:50", channel="PJSIP/trunk-a-0000001d", dstchannel="PJSIP/207-00000030", src="79990001122",
        dst="207", duration=60, billsec=50, uniqueid="1795413601.29", sequence=3,
    )  # fmt: skip
    assert essence(call(PROVIDER, posted(own, again)))[:4] == ("outbound", "204", "answered", 38)
    assert essence(call(PROVIDER, posted(own, again, other)))[:4] == ("outbound", "207", "answered", 50)


def test_a_failover_of_trunks() -> None:
    """The trunk that carried the call is its line."""
    lost = cdr(dstchannel="PJSIP/trunk-b-0000001d", disposition="CONGESTION", duration=1, billsec=0, sequence=1)
    won = cdr(dstchannel="PJSIP/trunk-a-0000001e", calldate="2026-11-23 09:00:01", sequence=2)
    found = call(PROVIDER, posted(lost, won))
    assert (found.line, found.disposition, found.started_at) == ("src/trunk-a", "answered", at("2026-11-23T06:00:00Z"))
    again = call(
        PROVIDER, posted(lost, lost | {"sequence": 2, "calldate": "2026-11-23 09:00:01", "disposition": "BUSY"})
    )
    assert (again.disposition, again.talk_s) == ("busy", 0)


@pytest.mark.parametrize(
    ("channel", "peer", "dst", "options", "expected"),
    [
        ("PJSIP/204-00000001", "PJSIP/my-trunk-00000002", "79990001122", {}, ("outbound", "204", "src/my-trunk")),
        ("SIP/206399-000000c4", "SIP/spbx0101lx-00000034", "91569320000", {}, ("outbound", "206399", "src/spbx0101lx")),
        ("DAHDI/i1/79990001122-1f", "SIP/204-00000001", "204", {}, ("inbound", "204", "src/i1")),
        ("PJSIP/74950001122-00000001", "PJSIP/204-00000002", "204", {}, ("inbound", "204", "src/74950001122")),
        ("PJSIP/ivan-00000001", "PJSIP/204-00000002", "204", {}, ("inbound", "204", "src/ivan")),
        ("PJSIP/ivan-00000001", "PJSIP/204-00000002", "204", {"extensions": ["ivan", "2??"]}, ("internal", "ivan", "src")),
        ("PJSIP/204-00000001", "PJSIP/7001-00000002", "79990001122", {"trunks": "7001"}, ("outbound", "204", "src/7001")),
        ("PJSIP/204-00000001", "PJSIP/7001-00000002", "79990001122", {"extensions": ["200-299"]},
         ("outbound", "204", "src/7001")),
        ("PJSIP/trunk-a-00000001", "PJSIP/204-00000002", "600", {"contexts": {"outbound": ["dialler*"]}},
         ("outbound", "204", "src/trunk-a")),
        ("Local/204@from-internal-00000001;1", "PJSIP/trunk-a-00000002", "79990001122", {}, ("outbound", "204", "src/trunk-a")),
        ("PJSIP/trunk-a-00000001", "Local/FMPR-204@from-internal-00000001;1", "204", {}, ("inbound", "204", "src/trunk-a")),
        ("AsyncGoto/PJSIP/204-00000001<ZOMBIE>", "PJSIP/trunk-a-00000002", "79990001122", {},
         ("outbound", "204", "src/trunk-a")),
        ("PJSIP/204-00000001", "", "*97", {}, ("internal", "204", "src")),
        ("PJSIP/204-00000001", "", "79990001122", {}, ("outbound", "204", "src")),
    ],
)  # fmt: skip
def test_which_side_is_a_trunk(
    channel: str, peer: str, dst: str, options: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """Two to six digits are an extension, all else a trunk; the options say otherwise."""
    row = cdr(channel=channel, dstchannel=peer, dst=dst, src="79990001122", dcontext="dialler-7")
    found = call(PROVIDER, posted(row), options=options)
    assert (found.direction, found.identity, found.line) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"src": "204", "dst": "79990001122"}, ("outbound", "204")),
        ({"src": "79990001122", "dst": "204"}, ("inbound", "204")),
        ({"src": "204", "dst": "207"}, ("internal", "204")),
        ({"src": "79990001122", "dst": "74950001122"}, ("inbound", None)),
        ({"src": "74950001122", "dst": "79990001122", "cnum": "204"}, ("outbound", "204")),
        ({"src": "74950001122", "dst": "79990001122", "recording": "out-79990001122-204-20261123-090000-1.1.wav"},
         ("outbound", "204")),
        ({"src": "79990001122", "dst": "s", "dcontext": "from-trunk"}, ("inbound", None)),
        ({"src": "204", "dst": "207", "dcontext": "from-internal"}, ("internal", "204")),
    ],
)  # fmt: skip
def test_without_channels_the_numbers_tell(fields: dict[str, str], expected: tuple[str, str | None]) -> None:
    """As in a hangup handler that sends src and dst only."""
    row = {"uniqueid": "1.1", "start": "2026-11-23 09:00:00", "duration": "9", "disposition": "BUSY", **fields}
    found = call(PROVIDER, json.dumps(row))
    assert (found.direction, found.identity) == expected
    assert found.disposition == "busy"


def test_short_numbers_behind_a_trunk_are_customers() -> None:
    """A town's six digits are no extension when they come by a trunk, or leave by one."""
    assert essence(call(PROVIDER, posted(cdr(dst="223344"))))[:2] == ("outbound", "204")
    assert call(PROVIDER, posted(cdr(dst="223344"))).customer == "#223344"
    row = cdr(src="223344", dst="204", channel="PJSIP/trunk-a-00000001", dstchannel="PJSIP/204-00000002")
    assert call(PROVIDER, posted(row)).customer == "#223344"
    assert call(PROVIDER, posted(cdr(dst="s", lastdata="PJSIP/79990001122@trunk-a,300"))).customer == "#79990001122"


def test_own_fields_of_the_floor_file() -> None:
    """Where a site keeps its agent, campaign, line, direction and recording links."""
    named = {
        "identity": "accountcode",
        "campaign": "userfield",
        "line": "mytrunk",
        "direction": "way",
        "recording": "url",
    }
    row = cdr(accountcode="olga", userfield="spring", MyTrunk="t9", way="incoming", url="https://pbx.example/r/1.wav")
    found = call(PROVIDER, posted(row), fields=named)
    assert (found.identity, found.campaign, found.line, found.direction) == ("olga", "spring", "src/t9", "inbound")
    assert found.recording_url == "https://pbx.example/r/1.wav"
    assert call(PROVIDER, posted(cdr(recordingfile="out-7-204.wav"))).recording_url is None


def test_clock_changes() -> None:
    """Local stamps: the hour that comes twice is told by the channel's own instant, the skipped hour by durations."""

    def berlin(**changed: object) -> CallEnded:
        legs = PROVIDER.parse(request(posted(cdr(**changed))), zoned).legs
        data = PROVIDER.join(zoned, legs[0].call, legs).data
        assert isinstance(data, CallEnded)
        return data

    zoned = source(PROVIDER)
    object.__setattr__(zoned, "timezone", "Europe/Berlin")
    first = berlin(calldate="2026-10-25 02:30:00", uniqueid="1792888200.1", linkedid=...)
    second = berlin(calldate="2026-10-25 02:30:00", uniqueid="1792891800.1", linkedid=...)
    unknown = berlin(calldate="2026-10-25 02:30:00", uniqueid="pbx-7.1", linkedid=...)
    assert [one.started_at for one in (first, second, unknown)] == [
        at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"), at("2026-10-25T00:30:00Z"),
    ]  # fmt: skip
    over = berlin(calldate="2026-10-25 02:59:00", end="2026-10-25 02:01:00", duration=120, billsec=100, uniqueid="a.1")
    assert (over.ended_at, over.talk_s) == (at("2026-10-25T01:01:00Z"), 100)
    spring = berlin(
        calldate="2026-03-29 01:59:00", answer="2026-03-29 01:59:20", end="2026-03-29 03:01:00", duration=120
    )
    assert (spring.ended_at, spring.talk_s) == (at("2026-03-29T01:01:00Z"), 100)


def test_times_in_unix_seconds_and_without_any() -> None:
    """CDR(start,u) has no zone to mistake; a record without times ends when it came."""
    row = cdr(calldate=..., start="1795413600", answer="1795413612", end="1795413700", billsec=...)
    assert (call(PROVIDER, posted(row)).talk_s, call(PROVIDER, posted(row)).started_at) == (
        88,
        at("2026-11-23T06:00:00Z"),
    )
    assert call(PROVIDER, posted(cdr(start="1795413600", answer="0", end="1795413700", disposition="BUSY"))).talk_s == 0
    bare = call(PROVIDER, posted(cdr(calldate=...)))
    assert (bare.ended_at, bare.talk_s) == (RECEIVED, 88)
    dialled = call(PROVIDER, posted(cdr(answeredtime="70")))
    assert (dialled.talk_s, dialled.answered_at) == (70, at("2026-11-23T06:00:30Z"))


@pytest.mark.parametrize(
    ("word", "cause", "expected"),
    [
        ("NO ANSWER", None, "no_answer"),
        ("NO+ANSWER", None, "no_answer"),
        ("noanswer", None, "no_answer"),
        ("CONGESTION", None, "congestion"),
        ("FAILED", None, "failed"),
        ("FAILED", 34, "congestion"),
        ("FAILED", 17, "busy"),
        ("FAILED", 20, "no_answer"),
        ("FAILED", 1, "failed"),
        ("FAILED", 0, "failed"),
        ("NO ANSWER", 16, "no_answer"),
        ("NO ANSWER", 21, "rejected"),
        ("BUSY", 34, "busy"),
        ("CANCEL", None, "canceled"),
        ("CHANUNAVAIL", 38, "failed"),
        ("SOMETHING", None, "no_answer"),
        ("", None, "no_answer"),
    ],
)
def test_words_of_unanswered_calls(word: str, cause: int | None, expected: str) -> None:
    """By the table, refined by the cause; an unknown word is not laid at the line's door."""
    found = call(PROVIDER, posted(cdr(disposition=word, billsec=0, hangupcause=cause if cause is not None else ...)))
    assert (found.disposition, found.talk_s, found.q850) == (expected, 0, cause or None)


def test_the_dial_status_is_finer() -> None:
    """A hangup handler sends it beside the disposition: who gave up is no "no answer"."""
    for word, dialled, expected in (
        ("NO ANSWER", "CANCEL", "canceled"),
        ("FAILED", "BUSY", "busy"),
        ("NO ANSWER", "ANSWER", "no_answer"),
        ("ANSWERED", "CANCEL", "answered"),
        (..., "CONGESTION", "congestion"),
    ):
        assert call(PROVIDER, posted(cdr(disposition=word, dialstatus=dialled))).disposition == expected


def test_an_answer_time_does_not_make_an_answer() -> None:
    """After a menu a dial that nobody took has an answer time and billed seconds, and is NO ANSWER."""
    assert essence(call(PROVIDER, posted(cdr(disposition="NO ANSWER"))))[2:4] == ("no_answer", 0)
    assert all(code in range(1, 128) for code in statuses.CAUSES)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"Event": "Newchannel", "Uniqueid": "1.1"}, "ringing"),
        ({"Event": "DialBegin", "Uniqueid": "1.1"}, "ringing"),
        ({"Event": "DialEnd", "Uniqueid": "1.1", "DialStatus": "ANSWER"}, "ringing"),
        ({"Event": "PeerStatus", "Peer": "PJSIP/204"}, "unknown_event"),
        ({"Event": "QueueMemberStatus", "Status": "1"}, "unknown_event"),
        ({"EventName": "APP_START", "Event": "CEL", "UniqueID": "1.1"}, "ringing"),
        ({"type": "StasisStart", "channel": {"id": "1.1", "name": "PJSIP/204-00000001"}}, "ringing"),
        ({"Event": "Hangup", "Uniqueid": "1.1", "Channel": "Local/204@from-queue-00000001;2"}, "not_counted"),
        (cdr(channel="Local/204@from-queue-00000001;2", dstchannel="PJSIP/204-00000002", linkedid=...), "not_counted"),
    ],
)
def test_events_that_count_nothing(body: dict[str, Any], reason: str) -> None:
    """A call that goes on, other events, and the far half of a Local channel that cannot be joined."""
    parsed = parse(PROVIDER, json.dumps(body))
    assert ([part.reason for part in parsed.ignored], parsed.legs, parsed.rejected) == ([reason], (), ())


def test_parts_that_are_missing() -> None:
    """Kept and shown with the reason; the good ones of the same body count."""
    parsed = parse(PROVIDER, posted(cdr(), cdr(uniqueid=..., linkedid=...), {"note": "x"}, {"Event": "Hangup"}))
    assert len(parsed.legs) == 1
    assert [part.reason for part in parsed.rejected] == ["missing_field", "unparseable", "missing_field"]


@pytest.mark.parametrize("options", [{"trunks": {"a": 1}}, {"extensions": [None]}, {"contexts": ["from-trunk"]}])
def test_options_of_a_wrong_shape_are_told(options: dict[str, Any]) -> None:
    """The reason names the option."""
    with pytest.raises(BadInput, match=r"options\."):
        parse(PROVIDER, posted(cdr()), options=options)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[1]", b"&&", b"\xff\xfe", b"[{}]" * 3])
def test_garbage(body: bytes) -> None:
    """What holds no record is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_an_unreplaced_variable_says_nothing() -> None:
    """A dialplan line posted as it stands in the file is no call."""
    assert parse(PROVIDER, "uniqueid=${CDR(uniqueid)}&src=${CDR(src)}&duration=${CDR(duration)}").rejected


def test_real_bodies() -> None:
    """Captures of AMI and CEL."""
    found = call(PROVIDER, real("asterisk-ami-Cdr-inbound-trunk-3.txt"))
    assert essence(found) == ("inbound", "101", "answered", 120, "src/voipms", "#15551234567")
    assert (found.did, found.ended_at) == ("15557654321", at("2026-09-22T11:05:11Z"))
    assert essence(call(PROVIDER, real("asterisk-ami-Cdr-outbound-2.txt")))[:4] == ("outbound", "206399", "answered", 2)
    assert essence(call(PROVIDER, real("asterisk-ami-Cdr-answered-1.txt")))[:4] == ("internal", "8306", "answered", 1)
    rows = call(PROVIDER, real("asterisk-cel-rows-answered-6.txt"))
    assert (rows.started_at, rows.talk_s) == (at("2015-06-18T11:08:56.910686Z"), 2.371)
    assert call(PROVIDER, real("asterisk-ari-StasisEnd-1.json")).started_at == at("2013-12-30T14:21:45.688Z")
