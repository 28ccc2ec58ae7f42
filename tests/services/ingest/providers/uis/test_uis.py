"""UIS: our template, templates of others, no signature, no disposition, local times."""

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from schemas.providers import guides
from services.ingest.providers.base import Request, Unauthorized
from services.ingest.providers.uis import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, call, drafts, parse, real, request, source

FIXTURES = Path(__file__).parent / "fixtures"
README = Path(__file__).parents[5] / "services/ingest/providers/uis/README.md"


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes() if "." in name else (FIXTURES / f"{name}.json").read_bytes()


def changed(name: str, **parts: Any) -> str:
    return json.dumps({**json.loads(fixture(name)), **parts})


def without(name: str, *names: str) -> str:
    return json.dumps({key: value for key, value in json.loads(fixture(name)).items() if key not in names})


def verify(sent: Request, **secrets: tuple[str, ...]) -> None:
    PROVIDER.verify(sent, source(PROVIDER), secrets, (RECEIVED,))


def test_an_answered_call() -> None:
    """The notification is the end; talk counts back from it; after a transfer the one who talked last is the agent."""
    found = call(PROVIDER, fixture("finished"))
    assert (found.call_id, found.identity, found.direction) == ("src:700100200", "5002", "outbound")
    assert (found.started_at, found.answered_at) == (at("2026-11-23T06:00:05.250Z"), at("2026-11-23T06:00:25.250Z"))
    assert (found.ended_at, found.talk_s, found.ring_s) == (at("2026-11-23T06:02:05.250Z"), 100, 20)
    assert (found.disposition, found.customer) == ("answered", "#79990001122")
    assert (found.line, found.did, found.campaign) == ("src/74950001122", "74950001122", None)


@pytest.mark.parametrize(
    ("name", "id_", "direction", "disposition", "talk_s", "ring_s", "identity", "line"),
    [
        ("finished-unanswered", "700100201", "inbound", "no_answer", 0, 31, None, "src/74950001122"),
        ("lost", "700100201", "inbound", "no_answer", 0, 31, "5001", "src/74950001122"),
        ("wrapped", "700100203", "inbound", "answered", 12, 11, "5003", "src/74950005566"),
        ("plain-lost", "700100204", "inbound", "no_answer", 0, 8, None, "src/74950005566"),
        ("internal", "700100205", "internal", "answered", 30, 5, "5001", "src"),
        ("finished.form", "700100206", "outbound", "answered", 100, 20, "5001", "src/74950001122"),
    ],
)
def test_calls(
    name: str, id_: str, direction: str, disposition: str, talk_s: int, ring_s: int, identity: str | None, line: str
) -> None:
    """Our template, the captured wrapper, a plain template of a lost call, texts for numbers, a form."""
    found = call(PROVIDER, fixture(name))
    assert (found.call_id, found.direction, found.disposition) == (f"src:{id_}", direction, disposition)
    assert (found.talk_s, found.ring_s, found.identity, found.line) == (talk_s, ring_s, identity, line)
    assert (found.customer is None) == (direction == "internal")
    assert (found.answered_at is None) == (disposition == "no_answer")


def test_the_same_by_get() -> None:
    """The query of a GET says the same as the form."""
    query = fixture("finished.form").decode()
    asked = PROVIDER.parse(request(method="GET", query=query), source(PROVIDER))
    assert asked == parse(PROVIDER, fixture("finished.form"))
    assert "GET" in PROVIDER.methods


def test_a_lost_call_is_told_twice_and_counted_once() -> None:
    """The loss knows who it rang at, the end the rest; the order does not matter."""
    bodies = [fixture("finished-unanswered"), fixture("lost")]
    found = {drafts(PROVIDER, *order)[0] for order in permutations(bodies)}
    assert [(draft.provider_id, draft.data.identity) for draft in found] == [("700100201", "5001")]


def test_a_recording_joins_its_call() -> None:
    """In any order; alone it is nothing to count."""
    bodies = [fixture("finished"), fixture("recorded")]
    for order in permutations(bodies):
        assert call(PROVIDER, *order).recording_url == "https://media.example/records/700100200.mp3"
    parsed = parse(PROVIDER, fixture("recorded"))
    assert ([part.reason for part in parsed.ignored], drafts(PROVIDER, fixture("recorded"))) == (["recording"], [])


def test_events_that_count_nothing() -> None:
    """A call that comes in or waits; an event of our template that nobody published."""
    for body in (fixture("incoming"), changed("finished", event="started")):
        parsed = parse(PROVIDER, body)
        assert ([part.reason for part in parsed.ignored], parsed.legs, parsed.rejected) == (["ringing"], (), ())


@pytest.mark.parametrize(
    ("zone", "told", "utc"),
    [
        ("Europe/Moscow", "2019-12-16 14:40:47.234", "2019-12-16T11:40:47.234Z"),
        ("Asia/Yekaterinburg", "2026-11-23 09:00:00", "2026-11-23T04:00:00Z"),
        ("Europe/Moscow", "2026-11-23T06:00:00Z", "2026-11-23T06:00:00Z"),
        ("Europe/Berlin", "2026-10-25 02:30:00.5", "2026-10-25T00:30:00.5Z"),
    ],
)
def test_times_are_the_accounts(zone: str, told: str, utc: str) -> None:
    """Local time of the account with milliseconds; an offset is believed."""
    here = replace(source(PROVIDER), timezone=zone)
    (leg,) = PROVIDER.parse(request(changed("finished", notification_time=told)), here).legs
    draft = PROVIDER.join(here, leg.call, [leg])
    assert draft is not None
    assert draft.time == at(utc)


def test_other_times_of_other_templates() -> None:
    """A Unix timestamp comes first; without a notification's time it is the start and the whole length."""
    stamped = changed("finished", notification_timestamp=1795413600)
    assert call(PROVIDER, stamped).ended_at == at("2026-11-23T06:00:00Z")
    started = json.dumps({**json.loads(without("finished", "notification_time")), "start_time": "2026-11-23 09:00:00"})
    found = call(PROVIDER, started)
    assert (found.started_at, found.ended_at) == (at("2026-11-23T06:00:00Z"), at("2026-11-23T06:02:00Z"))
    short = {**json.loads(without("finished", "total_time_duration", "wait_time_duration"))}
    assert call(PROVIDER, json.dumps(short)).ring_s == 0
    assert call(PROVIDER, json.dumps({**short, "start_time": "2026-11-23 09:00:00"})).ring_s == 25.25


def test_fields_of_the_floor_file() -> None:
    """Another placeholder may name the agent, and one the campaign."""
    found = call(PROVIDER, fixture("wrapped"), fields={"identity": "employee_full_name", "campaign": "scenario_name"})
    assert (found.identity, found.campaign) == ("Отдел продаж", "Входящие")


def test_the_published_template_is_what_we_read() -> None:
    """Each template of the README, filled in as UIS does, is JSON and one call or its recording."""
    filled = {
        "call_session_id": 1, "notification_time": "2026-11-23 09:00:00.000", "direction": "in",
        "talk_time_duration": 10, "wait_time_duration": 5, "total_time_duration": 15,
        "virtual_phone_number": "74950001122", "contact_phone_number": "79990001122", "employee_id": 5001,
        "last_talked_employee_id": None, "employee_ids": [5001], "scenario_name": "Тест", "file_link": "https://x.example/1",
    }  # fmt: skip
    templates = [block for block in README.read_text("utf-8").split("```")[1::2] if '"srez"' in block]
    assert len(templates) == 3
    for template in templates:
        for name, value in filled.items():
            template = template.replace("{{" + name + "}}", json.dumps(value, ensure_ascii=False))
        assert "{{" not in template
        assert [leg.call for leg in parse(PROVIDER, template).legs] == ["1"]


def test_the_guide_prints_the_same_templates() -> None:
    """Word for word those of the README, in both languages."""
    templates = [" ".join(block.split()) for block in README.read_text("utf-8").split("```")[1::2] if '"srez"' in block]
    steps = guides()["uis"].setup
    for said in (" ".join(step.en for step in steps), " ".join(step.ru for step in steps)):
        assert all(template in said for template in templates)


def test_an_unfilled_template_and_an_unknown_version() -> None:
    """Kept and shown, never counted."""
    for body in ('{"call_session_id":{{call_session_id}}}', changed("finished", srez=2), changed("finished", srez="x")):
        with pytest.raises(BadInput):
            parse(PROVIDER, body)
    rejected = parse(PROVIDER, "call_session_id={{call_session_id}}&talk_time_duration=1").rejected
    assert [part.reason for part in rejected] == ["missing_field"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"call_session_id": None}, "missing_field"),
        ({"notification_time": None}, "missing_field"),
        ({"direction": "sideways"}, "bad_value"),
        ({"talk_time_duration": "long"}, "bad_value"),
        ({"total_time_duration": 10**9}, "bad_value"),
    ],
)
def test_parts_that_are_missing(change: dict[str, Any], reason: str) -> None:
    """Kept and shown with the reason."""
    assert [part.reason for part in parse(PROVIDER, changed("finished", **change)).rejected] == [reason]


@pytest.mark.parametrize("body", [b"", b"hello", b"{", b"[]", b"5", b'{"a":1}', b"a=1", b"[[[[[[{}]]]]]]"])
def test_garbage(body: bytes) -> None:
    """What names no call is refused as bad input."""
    with pytest.raises(BadInput):
        parse(PROVIDER, body)


def test_a_secret_in_the_path_or_in_the_template_or_both() -> None:
    """All that are configured must hold; without any nothing is let in."""
    body = changed("finished", token="t0ken")
    verify(request(fixture("finished"), "s3cret"), path=("s3cret",))
    verify(request(body), token=("old", "t0ken"))
    verify(request(body, "s3cret"), token=("t0ken",), path=("other", "s3cret"))
    verify(request(method="GET", query="call_session_id=1&token=%22t0ken%22"), token=("t0ken",))
    verify(request(json.dumps({"args": {"call_session_id": 1, "token": "t0ken"}})), token=("t0ken",))
    for sent, secrets in (
        (request(body), {}),
        (request(fixture("finished")), {"token": ("t0ken",)}),
        (request(changed("finished", token="other")), {"token": ("t0ken",)}),
        (request(body), {"token": ("t0ken",), "path": ("s3cret",)}),
        (request(fixture("finished"), "s3cret"), {"token": ("t0ken",), "path": ("s3cret",)}),
        (request(changed("finished", token="")), {"token": ("",)}),
        (request(b"[" * 100_000), {"token": ("t0ken",)}),
        (request(fixture("finished"), "wrong"), {"path": ("s3cret",)}),
    ):
        with pytest.raises(Unauthorized):
            verify(sent, **secrets)


def test_the_token_does_not_reach_the_journal() -> None:
    """Out of JSON, also in a wrapper or written with escapes; out of a form and a query; the rest reads the same."""
    sealed = [
        request(changed("finished", token="t0ken")),
        request(json.dumps({"op": "call", "args": {**json.loads(fixture("finished")), "token": "t0ken"}})),
        request(changed("finished", token="t0ken").replace('"token"', '"\\u0074oken"')),
        request(fixture("finished.form") + b"&token=t0ken"),
        request(method="GET", query=fixture("finished.form").decode() + "&token=t0ken"),
        request(b'{"token" : "t0ken", "call_session_id": }'),
    ]
    for sent in sealed:
        kept = PROVIDER.redact(sent)
        assert b"t0ken" not in kept.body
        assert "t0ken" not in kept.query
    for sent in sealed[:-1]:
        assert PROVIDER.parse(PROVIDER.redact(sent), source(PROVIDER)) == PROVIDER.parse(sent, source(PROVIDER))
    assert b"call_session_id" in PROVIDER.redact(sealed[-1]).body
    plain = request(without("finished", "token"))
    assert PROVIDER.redact(plain).body == plain.body


def test_real_bodies() -> None:
    """The captured call: the wrapper says out, the call itself in."""
    found = call(PROVIDER, real("uis-call-ended-answered-1.json"))
    assert (found.call_id, found.direction, found.identity) == ("src:998677427", "inbound", "323409")
    assert (found.talk_s, found.ring_s, found.ended_at) == (12, 11, at("2019-12-16T11:40:47.234Z"))
