"""Signatures of the senders, by the published vectors of the providers' notes."""

import base64
import json
from urllib.parse import parse_qs

import pytest

from schemas.facts import CallEnded, Fact
from schemas.floor.model import SourceConfig
from services.kit.errors import Misconfigured
from services.lab.senders import SENDERS, Account
from services.lab.senders.account import accounts
from services.lab.senders.generic import headers
from services.lab.senders.hubspot import signature_v2, signature_v3
from services.lab.senders.mango import signed
from services.lab.senders.twilio import signature
from services.lab.simulate import scenario_named, simulate
from tests.services.lab.floors import ENVIRONMENT, example, other_providers

BASE = "http://127.0.0.1:8080"


def _account(source: str) -> Account:
    floor = example() if source in example().source_by_id else other_providers()
    return accounts({source: floor.source_by_id[source]}, ENVIRONMENT, BASE)[source]


def _answered(source: str) -> Fact:
    floor = example() if source in example().source_by_id else other_providers()
    day = simulate(floor, scenario_named("normal"), seed=1)
    return next(
        fact
        for fact in day.deliveries
        if fact.source == source and isinstance(fact.data, CallEnded) and fact.data.talk_s > 60
    )


def test_mango_sign_is_the_vector_of_its_definition() -> None:
    """SHA-256 of key + json + salt, for the vector computed from the vendor's definition."""
    source = SourceConfig(id="m", provider="mango")
    request = signed(Account(source, {"api_key": "key", "salt": "salt"}, BASE), "events/summary", '{"entry_id":"e1"}')
    form = parse_qs(request.body.decode())
    assert form["sign"] == ["9512443fef79913aa5f4a719cf3d65b302f416d4b074c233f8fdf89d73a7664b"]
    assert form["json"] == ['{"entry_id":"e1"}']
    assert request.path == "/hooks/m/events/summary"


def test_mango_sends_a_summary_and_a_recording() -> None:
    """talk_time is the moment talk began; the recording is an event of its own."""
    fact = _answered("mango-main")
    summary, recording = SENDERS["mango"](fact, _account("mango-main"))
    told = json.loads(parse_qs(summary.body.decode())["json"][0])
    call = fact.data
    assert isinstance(call, CallEnded)
    assert call.answered_at is not None
    assert told["talk_time"] == int(call.answered_at.timestamp())
    assert (told["call_direction"], told["entry_result"], told["from"]["extension"]) == (2, 1, fact.identity)
    assert recording.path == "/hooks/mango-main/events/recording"


def test_twilio_signature_is_the_vector_of_the_library() -> None:
    """The vector of twilio-python's own test."""
    parameters = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert (
        signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", parameters) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    )


def test_standard_webhooks_signature_is_the_vector_of_the_specification() -> None:
    """The vector of the Standard Webhooks repository."""
    made = headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_hubspot_signatures_are_the_vectors_of_its_library() -> None:
    """Versions 2 and 3, as the vendor's own tests have them."""
    secret, url, body = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "https://www.example.com/webhook_uri", b""
    known = "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"
    assert signature_v2(secret, "GET", url, body) == known
    body = b"{'example_field':'example_value'}"
    made = signature_v3(secret, "POST", url, body, 1693657560000)
    assert made == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="


def test_freeswitch_sends_two_legs_with_basic_credentials() -> None:
    """Two posts with different uuids, in the query too; values under variables are percent-encoded."""
    fact = _answered("fs-office")
    legs = SENDERS["freeswitch"](fact, _account("fs-office"))
    assert len({leg.path for leg in legs}) == 2
    for leg in legs:
        assert base64.b64decode(leg.headers["authorization"].removeprefix("Basic ")) == b"srez:basic-password"
        cdr = json.loads(leg.body)
        assert leg.path == f"/hooks/fs-office?uuid={cdr['variables']['uuid']}"
        assert "%3A" in cdr["variables"]["start_stamp"]
        assert all(isinstance(value, str) for value in cdr["variables"].values())
    directions = {json.loads(leg.body)["channel_data"]["direction"] for leg in legs}
    assert directions == {"inbound", "outbound"}


def test_amocrm_puts_its_secret_into_the_path() -> None:
    """The full form of a lead at its new stage, posted to the secret address."""
    day = simulate(example(), scenario_named("normal"), seed=1)
    fact = next(fact for fact in day.deliveries if fact.type == "srez.invoice.issued.v1")
    (request,) = SENDERS["amocrm"](fact, _account("amo"))
    assert request.path == "/hooks/amo/amo-path"
    form = parse_qs(request.body.decode())
    assert form["leads[status][0][status_id]"] == ["45648905"]
    assert form["leads[status][0][old_status_id]"] == ["45648904"]
    assert form["leads[status][0][responsible_user_id]"] == [fact.identity]
    assert form["leads[status][0][updated_at]"] == [str(int(fact.time.timestamp()))]


def test_bitrix24_sends_its_token_in_the_form() -> None:
    """A form with PHP-style keys where every value is a text."""
    (request,) = SENDERS["bitrix24"](_answered("portal"), _account("portal"))
    form = parse_qs(request.body.decode())
    assert form["auth[application_token]"] == ["bitrix-token"]
    assert form["event"] == ["ONVOXIMPLANTCALLEND"]
    assert form["data[CALL_FAILED_CODE]"] == ["200"]


def test_missing_secrets_are_all_named() -> None:
    """What is not set is said at once, all of it."""
    with pytest.raises(Misconfigured) as raised:
        accounts(example().source_by_id, {}, BASE)
    for name in ("FS_BASIC", "MANGO_KEY", "MANGO_SALT", "AMO_PATH_SECRET", "OWN_SIGNING"):
        assert name in str(raised.value)


def test_no_plain_number_is_shared_with_a_fact() -> None:
    """The number dialled is the provider's business: made up of the hash, the same for the same customer."""
    fact = _answered("fs-office")
    assert isinstance(fact.data, CallEnded)
    cdr = json.loads(SENDERS["freeswitch"](fact, _account("fs-office"))[0].body)
    number = cdr["callflow"][0]["caller_profile"]["destination_number"]
    assert number.startswith("79")
    assert len(number) == 11
