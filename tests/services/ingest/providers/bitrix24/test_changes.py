"""What Bitrix24 is asked for now and then: edited deals, stages that were come to, calls of its own telephony."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest

from schemas import facts
from schemas.facts import CallEnded
from services.ingest.providers.base import Parsed, ReadBack
from services.ingest.providers.bitrix24 import PROVIDER
from services.kit.errors import BadInput
from tests.services.ingest.providers.reading import RECEIVED, at, parse, read_back, real, source

FIXTURES = Path(__file__).parent / "fixtures"
REST = {"rest_url": ("https://invented.bitrix24.ru/rest/1/c0de/",)}
COUNTS = {
    "presentation": {"stage": ["C1:PRESENTED"]},
    "invoice": {"stage": ["C1:INVOICED"]},
    "payment": {"won": True, "amount": "UF_CRM_SUM"},
}
BY_PRICE = {**COUNTS, "payment": {"won": True}}
SINCE = "20261123T060500Z"


def answer(name: str) -> str:
    return (FIXTURES / "readback" / f"{name}.json").read_text("utf-8")


def listing(name: str, **more: Any) -> str:
    return json.dumps(json.loads(answer(name)) | more)


def asked(kind: str, id_: str = SINCE, **config: Any) -> tuple[str, dict[str, str]] | None:
    """(method, form) of the question."""
    fetch = PROVIDER.fetch(ReadBack(kind, id_), source(PROVIDER, **config), REST)
    return (fetch.url.rpartition("/")[2], dict(parse_qsl(fetch.body.decode()))) if fetch else None


def test_what_is_asked_since_an_instant() -> None:
    """Deals and stages; calls only where the floor file says that they are the portal's own."""
    crm = (ReadBack("deals", SINCE), ReadBack("stages", SINCE))
    calls = (ReadBack("calls", SINCE), ReadBack("long_calls", SINCE))
    local = RECEIVED.astimezone(ZoneInfo("Europe/Moscow"))
    for options, wanted in (({}, crm), ({"calls": True}, crm + calls), ({"calls": "yes"}, crm)):
        assert PROVIDER.reconcile(source(PROVIDER, options=options), local) == wanted


def test_how_deals_are_asked_for() -> None:
    """Edited since, in the order of their ids, with the fields that the floor file needs; pages by their start."""
    counts = {**COUNTS, "presentation": {"field": {"UF_CRM_DEMO.0": ["да"]}}}
    method, form = asked("deals", counts=counts) or ("", {})
    assert (method, form["filter[>DATE_MODIFY]"], form["order[ID]"], form["start"]) == (
        "crm.deal.list",
        "2026-11-23T06:05:00+00:00",
        "ASC",
        "0",
    )
    selected = {value for name, value in form.items() if name.startswith("select[")}
    assert selected >= {"ID", "STAGE_ID", "MOVED_TIME", "ASSIGNED_BY_ID", "UF_CRM_SUM", "UF_CRM_DEMO"}
    _, page = asked("deals_page", f"{SINCE}.50", counts=counts) or ("", {})
    assert page == {**form, "start": "50"}


def test_how_stages_and_calls_are_asked_for() -> None:
    """Telephony is asked by the beginning of calls: those that may have begun before are a question of their own."""
    assert asked("stages") == (
        "crm.stagehistory.list",
        {"entityTypeId": "2", "filter[>CREATED_TIME]": "2026-11-23T06:05:00+00:00", "order[ID]": "ASC", "start": "0"},
    )
    ordered = {"SORT": "ID", "ORDER": "ASC", "start": "0"}
    assert asked("calls") == (
        "voximplant.statistic.get",
        {"FILTER[>CALL_START_DATE]": "2026-11-23T06:00:00+00:00", **ordered},
    )
    assert asked("long_calls") == (
        "voximplant.statistic.get",
        {
            "FILTER[>CALL_START_DATE]": "2026-11-23T04:05:00+00:00",
            "FILTER[<=CALL_START_DATE]": "2026-11-23T06:00:00+00:00",
            "FILTER[>CALL_DURATION]": "300",
            **ordered,
        },
    )


@pytest.mark.parametrize("id_", ["", "x", "20261399T000000Z", "00000101T000000Z", f"{SINCE}.", f"{SINCE}.-5", "٢" * 8])
def test_what_is_no_instant_is_not_asked(id_: str) -> None:
    """An id of another kind asks nothing; nor does anything without the portal's address."""
    assert asked("deals", id_) is None
    assert PROVIDER.fetch(ReadBack("deals", SINCE), source(PROVIDER), {}) is None


def since(kind: str, body: str, **config: Any) -> Parsed:
    return read_back(PROVIDER, f"{kind}/{SINCE}", body, **config)


def test_edited_deals() -> None:
    """Each at the time it came to its stage: what was won weeks ago is no payment of today; the next page is asked for."""
    parsed = since("deals", answer("deals"), counts=BY_PRICE)
    assert [(draft.type, draft.provider_id, draft.time, draft.once) for draft in parsed.drafts] == [
        (facts.PAYMENT, "501", at("2026-11-23T06:03:00Z"), True),
        (facts.PRESENTATION, "502", at("2026-11-23T05:40:00Z"), True),
        (facts.PAYMENT, "388", at("2026-10-30T14:20:00Z"), True),
    ]
    assert [draft.data.identity for draft in parsed.drafts] == ["17", "18", "17"]
    assert parsed.readbacks == (ReadBack("deal", "17"), ReadBack("deals_page", f"{SINCE}.50"))
    assert {part.reason for part in parsed.ignored} == {"needs_readback", "not_counted"}
    assert parsed.rejected == ()


def test_a_deal_of_the_list_is_the_same_fact_as_read_alone() -> None:
    """So that a list of hundreds that did not change is hundreds of duplicates."""
    alone = read_back(PROVIDER, "deal/501", answer("deal-with-stages"), counts=BY_PRICE).drafts
    assert since("deals", answer("deals"), counts=BY_PRICE).drafts[0] == alone[-1]


def test_the_last_page() -> None:
    """Asks for no other; one that leads back is not followed; an empty one is nothing to count."""
    ended = json.loads(answer("deals"))
    del ended["next"]
    for last in (json.dumps(ended), listing("deals", next=0), listing("deals", next=None), listing("deals", next="x")):
        assert since("deals", last, counts=BY_PRICE).readbacks == (ReadBack("deal", "17"),)
    page = read_back(PROVIDER, f"deals_page/{SINCE}.50", listing("deals", result=[], next=100))
    assert page.readbacks == (ReadBack("deals_page", f"{SINCE}.100"),)
    assert read_back(PROVIDER, f"deals_page/{SINCE}.100", listing("deals", result=[], next=100)).readbacks == ()
    nothing = since("deals", '{"result":[],"total":0}')
    assert [part.reason for part in nothing.ignored] == ["empty_batch"]


def test_one_deal_of_the_list_that_cannot_be_read() -> None:
    """Is shown; the others count."""
    rows = json.loads(answer("deals"))["result"]
    parsed = since("deals", listing("deals", result=[{}, 7, {"ID": "5", "MOVED_TIME": "x"}, *rows]), counts=BY_PRICE)
    assert ([part.reason for part in parsed.rejected], len(parsed.drafts)) == (["missing_field"] * 3, 3)


def test_stages_that_were_come_to() -> None:
    """A deal that passed what counts is read back once, however far it has gone; other moves are nothing."""
    parsed = since("stages", answer("stages"), counts=COUNTS)
    assert parsed.readbacks == (ReadBack("deal", "501"), ReadBack("deal", "502"))
    assert {part.reason for part in parsed.ignored} == {"needs_readback", "not_counted"}
    other = since("stages", answer("stages"), counts={"presentation": {"stage": ["C7:SHOWN"]}})
    assert ([part.reason for part in other.ignored], other.readbacks) == (["not_counted"], ())
    more = since("stages", listing("stages", next=50), counts=COUNTS)
    assert more.readbacks[-1] == ReadBack("stages_page", f"{SINCE}.50")
    odd = since("stages", '{"result":{"items":[{"OWNER_ID":"1/../2","STAGE_ID":"C1:WON","CREATED_TIME":"2026"},7]}}')
    assert ([part.reason for part in odd.rejected], odd.readbacks) == (["missing_field"] * 2, ())


def test_a_call_of_the_statistics_is_the_call_that_was_told() -> None:
    """The same fact, be its times written in another zone; a recording makes it a fuller one."""
    (told,) = parse(PROVIDER, (FIXTURES / "call-end-answered.form").read_bytes()).drafts
    first, missed = since("calls", answer("calls")).drafts
    assert first == told
    assert isinstance(missed.data, CallEnded)
    assert (missed.provider_id, missed.data.disposition, missed.data.talk_s) == (
        "INVENTED2.1795413700.2",
        "canceled",
        0,
    )
    rows = json.loads(answer("calls"))["result"]
    rows[0]["CALL_RECORD_URL"] = "https://records.example/1.mp3"
    (fuller, _) = since("long_calls", listing("calls", result=rows)).drafts
    assert isinstance(fuller.data, CallEnded)
    assert (fuller.provider_id, fuller.time, fuller.data.recording_url) == (
        told.provider_id,
        told.time,
        "https://records.example/1.mp3",
    )


def test_calls_that_count_nothing_or_cannot_be_read() -> None:
    """A robot's call; a row without its id; the others count."""
    parsed = since("calls", answer("calls"))
    assert [part.reason for part in parsed.ignored] == ["info_call"]
    rows = [{}, 7, *json.loads(answer("calls"))["result"]]
    odd = since("calls", listing("calls", result=rows))
    assert ([part.reason for part in odd.rejected], len(odd.drafts)) == (["missing_field"] * 2, 2)


@pytest.mark.parametrize("kind", ["deals", "stages", "calls", "long_calls", "deals_page"])
def test_answers_that_are_none(kind: str) -> None:
    """No list is bad input; an error is shown."""
    for body in ("", "{", "[]", "{}", '{"result":false}', '{"result":{"items":5}}'):
        if kind == "stages" or body != '{"result":{"items":5}}':
            with pytest.raises(BadInput):
                since(kind, body)
    (refused,) = since(kind, '{"error":"ACCESS_DENIED","error_description":"Access denied!"}').rejected
    assert "ACCESS_DENIED" in refused.detail


@pytest.mark.parametrize("name", ["deals", "stages", "calls", "deal-with-stages"])
def test_damaged_answers(name: str) -> None:
    """Any one value replaced by nonsense: read or refused, never broken; and what is asked for is asked safely."""
    chance = random.Random(20261123)
    path = "deal/501" if name == "deal-with-stages" else f"{name}/{SINCE}"
    for _ in range(400):
        told = json.loads(answer(name))
        node: Any = told
        while isinstance(node, dict | list) and node:
            key = chance.choice(list(node)) if isinstance(node, dict) else chance.randrange(len(node))
            if not isinstance(node[key], dict | list) or not node[key] or chance.random() < 0.1:
                node[key] = chance.choice([None, "", "x" * 10_000, -1, 10**400, True, [], {}, [[]], "\x00", "٣"])
                break
            node = node[key]
        try:
            parsed = read_back(PROVIDER, path, json.dumps(told), counts=BY_PRICE)
        except BadInput:
            continue
        assert parsed.drafts or parsed.ignored or parsed.rejected
        assert all(PROVIDER.fetch(wanted, source(PROVIDER), REST) for wanted in parsed.readbacks)
        assert not parsed.readbacks or "needs_readback" in {part.reason for part in parsed.ignored}


def test_real_answers() -> None:
    """The documented page of statistics."""
    missed, answered = since("calls", real("bitrix24-voximplant.statistic.get-response-1.json").decode()).drafts
    assert isinstance(answered.data, CallEnded)
    assert (missed.provider_id, answered.data.direction) == ("11018129443EB80D.1754478570.11438214", "inbound")
    assert answered.data.ended_at - answered.data.started_at == timedelta(seconds=95)
