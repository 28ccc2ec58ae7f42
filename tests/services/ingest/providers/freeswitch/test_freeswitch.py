"""FreeSWITCH: three encodings, two legs, causes by name."""

import base64
import json
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from services.ingest.providers.freeswitch import PROVIDER, statuses
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import at, call, parse, real

FIXTURES = Path(__file__).parent / "fixtures"
A = "7d1f0c52-0000-4aaa-9000-00000000000a"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, **variables: str | None) -> bytes:
    body = json.loads(fixture(name))
    for key, value in variables.items():
        if value is None:
            body["variables"].pop(key, None)
        else:
            body["variables"][key] = value
    return json.dumps(body).encode()


def test_an_outbound_leg_alone() -> None:
    """The agent's own leg gives the whole call: times to the millisecond, trunk from the bridge string, no plain number."""
    found = call(PROVIDER, fixture("outbound-a"))
    assert found.call_id == f"src:{A}"
    assert (found.direction, found.identity, found.line, found.did) == (
        "outbound",
        "1042",
        "src/trunk-a",
        "74950001122",
    )
    assert (found.started_at, found.ended_at) == (at("2026-11-23T06:00:00.25Z"), at("2026-11-23T06:02:10.25Z"))
    assert (found.answered_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:00:09.75Z"), 120.5, 9.5)
    assert (found.disposition, found.q850, found.sip_status, found.hangup_by) == ("answered", 16, 200, "agent")
    assert found.customer == "#79990001122"


def test_three_encodings_say_the_same() -> None:
    """JSON, an escaped form and base64 that is not escaped, with or without the right content type."""
    plain = changed("outbound-a", note="?????>>>>>")  # their base64 holds a slash and a plus
    form = b"cdr=" + quote(plain.decode(), safe="").encode()
    packed = b"cdr=" + base64.b64encode(plain)
    assert b"+" in packed
    assert b"/" in packed
    expected = call(PROVIDER, plain)
    for body in (
        form,
        packed,
        b"\xef\xbb\xbf \n" + plain,
        b"uuid=x&" + form,
        quote(packed.decode(), safe="=").encode(),
    ):
        assert call(PROVIDER, body) == expected


def test_both_legs_are_one_call_in_any_order() -> None:
    """Joined under the a-leg's uuid; order of arrival changes nothing; talk is not counted twice."""
    legs = [fixture("outbound-a"), fixture("outbound-b")]
    one, other = (call(PROVIDER, *order) for order in permutations(legs))
    assert one == other
    assert (one.call_id, one.talk_s, one.identity, one.line) == (f"src:{A}", 120.5, "1042", "src/trunk-a")


def test_an_inbound_call_talks_when_the_agent_answers() -> None:
    """IVR and queue are not talk, a phone that lost the race is no agent; the customer's leg names line and number."""
    bodies = [fixture("inbound-a"), fixture("inbound-b"), fixture("inbound-b-lost")]
    found = {json.dumps(str(call(PROVIDER, *order))) for order in permutations(bodies)}
    assert len(found) == 1
    joined = call(PROVIDER, *bodies)
    assert (joined.direction, joined.identity, joined.talk_s, joined.ring_s) == ("inbound", "1043", 70, 31)
    assert (joined.line, joined.did, joined.customer) == ("src/trunk-b", "74950001133", "#79990003344")
    assert joined.hangup_by == "customer"


def test_an_agent_leg_alone_is_inbound() -> None:
    """With the customer's leg missing, the call keeps its id and agent."""
    found = call(PROVIDER, fixture("inbound-b"))
    assert (found.call_id, found.identity, found.direction) == (
        "src:7d1f0c52-0000-4aaa-9000-0000000000c1",
        "1043",
        "inbound",
    )


def test_a_queue_that_nobody_answered_is_not_answered() -> None:
    """The a-leg was answered by the queue, but no phone was picked up."""
    found = call(PROVIDER, changed("inbound-a", bridge_uepoch="0"), fixture("inbound-b-lost"))
    assert (found.disposition, found.talk_s, found.answered_at) == ("no_answer", 0, None)


@pytest.mark.parametrize(
    ("name", "disposition", "q850", "sip"),
    [
        ("busy-a", "busy", 17, 486),
        ("gateway-down-a", "failed", None, None),
        ("congested-a", "congestion", 41, 503),
    ],
)
def test_unanswered(name: str, disposition: str, q850: int | None, sip: int | None) -> None:
    """Causes by name; a 16 that stands for a cause above 127 is not believed."""
    found = call(PROVIDER, fixture(name))
    assert (found.disposition, found.q850, found.sip_status, found.talk_s) == (disposition, q850, sip, 0)
    assert (found.answered_at, found.line, found.identity) == (None, "src/trunk-a", "1042")


@pytest.mark.parametrize(
    ("variables", "disposition", "hangup_by"),
    [
        ({"hangup_cause": "ORIGINATOR_CANCEL", "sip_hangup_disposition": "recv_cancel"}, "canceled", "agent"),
        ({"hangup_cause": "CALL_REJECTED", "sip_hangup_disposition": "send_refuse"}, "rejected", "customer"),
        ({"hangup_cause": "NO_ANSWER"}, "no_answer", "system"),
        (
            {"hangup_cause": "NORMAL_CLEARING", "sip_hangup_disposition": "recv_cancel", "originate_disposition": ""},
            "canceled",
            "agent",
        ),
        ({"hangup_cause": "NORMAL_CLEARING", "originate_disposition": "UNALLOCATED_NUMBER"}, "failed", "customer"),
        ({"hangup_cause": "SOMETHING_NEW"}, "failed", "customer"),
        ({"hangup_cause": "", "originate_disposition": ""}, "no_answer", "customer"),
    ],
)
def test_causes(variables: dict[str, str], disposition: str, hangup_by: str) -> None:
    """Every kind of ending of an unanswered leg."""
    found = call(PROVIDER, changed("busy-a", last_bridge_proto_specific_hangup_cause=None, **variables))
    assert (found.disposition, found.hangup_by) == (disposition, hangup_by)


def test_a_gateway_that_never_progressed_is_our_side() -> None:
    """The 487 after our own CANCEL would blame the person."""
    found = call(
        PROVIDER, changed("busy-a", hangup_cause="PROGRESS_TIMEOUT", last_bridge_proto_specific_hangup_cause="sip:487")
    )
    assert (found.q850, found.sip_status, found.hangup_by) == (102, None, "system")


def test_fields_of_the_floor_file() -> None:
    """Identity, line and direction can be taken from any variable, or direction be said outright."""
    fields: dict[str, Any] = {
        "identity": "variables.session_id",
        "line": "variables.sofia_profile_name",
        "direction": "inbound",
    }
    found = call(PROVIDER, fixture("outbound-a"), fields=fields)
    assert (found.identity, found.line, found.direction, found.customer) == ("41", "src/internal", "inbound", "#1042")
    by_variable = call(PROVIDER, changed("outbound-a", way="outgoing"), fields={"direction": "variables.way"})
    assert by_variable.direction == "outbound"


def test_a_dialler_s_call_is_the_agent_s_whom_a_leg_names() -> None:
    """Placed by the switch, shown with our number: only the queue, or the phone that was rung, tells who talked."""
    body = json.loads(changed("outbound-b", call_uuid=None, originating_leg_uuid=None, originator=None))
    body["callflow"][0]["caller_profile"] = {"caller_id_number": "74950001122", "destination_number": "79990001122"}
    for variables, identity in (
        ({"cc_agent": "1042@default"}, "1042"),
        ({"dialed_user": "1043"}, "1043"),
        ({}, None),
    ):
        kept = {name: value for name, value in body["variables"].items() if name not in ("dialed_user", "cc_agent")}
        found = call(PROVIDER, json.dumps({**body, "variables": {**kept, **variables}}))
        assert (found.direction, found.identity) == ("outbound", identity)


def test_values_are_decoded_once_and_only_when_encoded() -> None:
    """A percent sign is a percent sign where ``encode-values`` is off; a plus is never a space."""
    body = changed("outbound-a", user_name="10%2542+%D0%B0")
    assert call(PROVIDER, body).identity == "10%42+а"
    assert call(PROVIDER, body, options={"encode_values": False}).identity == "10%2542+%D0%B0"


def test_older_releases_repeat_callflow_and_send_local_stamps() -> None:
    """The first profile is the newest; stamps without a zone are the source's wall clock."""
    found = call(PROVIDER, fixture("older-repeated-callflow"))
    assert (found.started_at, found.talk_s) == (at("2026-11-23T06:00:00Z"), 12)
    assert (found.direction, found.identity, found.line, found.customer) == ("internal", "1042", "src", None)


@pytest.mark.parametrize("query", [f"uuid={A}", f"a=b?uuid={A}", f"a=b&x=1%3Fuuid={A}", f"?uuid={A}"])
def test_the_uuid_appended_to_the_url(query: str) -> None:
    """Also glued into another parameter, when the body has none."""
    body = json.loads(fixture("outbound-a"))
    del body["variables"]["uuid"], body["variables"]["call_uuid"], body["callflow"]
    parsed = parse(PROVIDER, json.dumps(body), query=query)
    assert [leg.leg for leg in parsed.legs] == [A]


def test_two_legs_placed_apart_and_bridged_later() -> None:
    """Neither names an originator: both name the same call."""
    one = changed(
        "outbound-b",
        originator=None,
        originating_leg_uuid=None,
        call_uuid=None,
        uuid="aaaaaaaa-1",
        bridge_uuid="bbbbbbbb-2",
    )
    two = changed(
        "outbound-b",
        originator=None,
        originating_leg_uuid=None,
        call_uuid=None,
        uuid="bbbbbbbb-2",
        bridge_uuid="aaaaaaaa-1",
    )
    assert {leg.call for body in (one, two) for leg in parse(PROVIDER, body).legs} == {"aaaaaaaa-1"}


def test_the_roles_of_a_bridge_name_the_call() -> None:
    """A b-leg that knows its bridge only belongs to the leg that began it, whichever uuid is smaller."""
    bare: dict[str, str | None] = dict.fromkeys(("originator", "originating_leg_uuid", "call_uuid"))
    for own, other in (("aaaaaaaa-1", "bbbbbbbb-2"), ("bbbbbbbb-2", "aaaaaaaa-1")):
        told = {**bare, "uuid": own, "bridge_uuid": other}
        for more, expected in (
            ({"last_bridge_role": "originatee"}, other),
            ({"last_bridge_role": "originator"}, own),
            ({"originatee": other}, own),
        ):
            (leg,) = parse(PROVIDER, changed("outbound-b", **{**told, **more})).legs
            assert (leg.call, leg.leg) == (expected, own)


def test_legs_hold_no_plain_number_of_a_customer() -> None:
    """What is stored of a leg knows the customer by hash only."""
    for name, number in (
        ("outbound-a", "79990001122"),
        ("outbound-b", "79990001122"),
        ("inbound-a", "79990003344"),
        ("inbound-b", "79990003344"),
    ):
        for leg in parse(PROVIDER, fixture(name)).legs:
            assert number not in json.dumps({**leg.data, "customer": None})


def test_parts_that_are_missing() -> None:
    """Without any end there is no fact, but a reason; an object that is no CDR is refused."""
    body = changed("busy-a", end_epoch="0", end_uepoch="", duration=None)
    stripped = json.loads(body)
    stripped["callflow"] = {}
    assert [part.reason for part in parse(PROVIDER, json.dumps(stripped)).rejected] == ["missing_field"]
    for garbage in (b"", b"{}", b"[1]", b"cdr=%%%", b"cdr=", b"hello", b'{"variables": 5}'):
        with pytest.raises(BadInput):
            parse(PROVIDER, garbage)


def test_every_disposition_of_the_table_has_its_number_or_is_freeswitchs_own() -> None:
    """No name is forgotten in one of the tables."""
    nameless = {"NONE"}
    assert not set(statuses.STATUSES) - set(statuses.NUMBERS) - statuses.OWN - nameless


@pytest.mark.parametrize(
    ("name", "uuid", "talk_s", "started"),
    [
        ("freeswitch-cdr-1.json", "3da8bf84-c133-4959-9e24-e72875cb33a1", 67.54, "2018-01-11T10:25:44.534355Z"),
        ("freeswitch-cdr-2.json", "5a3a1d91-90d3-4db4-af5c-cc3ae15d93a4", 20.6, "2018-03-14T11:09:18.006702Z"),
        (
            "freeswitch-esl-CHANNEL_HANGUP_COMPLETE-5.txt",
            "5a3a1d91-90d3-4db4-af5c-cc3ae15d93a4",
            20.6,
            "2018-03-14T11:09:18.006702Z",
        ),
    ],
)
def test_real_bodies(name: str, uuid: str, talk_s: float, started: str) -> None:
    """Captured CDRs: internal by their shape, outbound where the floor says so."""
    found = call(PROVIDER, real(name))
    assert (found.call_id, found.talk_s, found.started_at) == (f"src:{uuid}", talk_s, at(started))
    assert (found.disposition, found.direction, found.identity, found.line) == ("answered", "internal", "1001", "src")
    fields = {"identity": "variables.user_name", "line": "variables.sip_gateway_name", "direction": "outbound"}
    assert call(PROVIDER, real(name), fields=fields).direction == "outbound"
