"""What the sender of Asterisk writes, ingest's parser reads as the facts that were meant."""

from datetime import datetime, timedelta
from itertools import product

import pytest

from schemas.facts import CALL, CallEnded, Direction, Disposition, Fact, event_id
from schemas.floor import SourceConfig
from services.ingest.providers.asterisk import PROVIDER
from services.ingest.providers.base import Request, Source
from services.lab.senders import SENDERS, Account, Outgoing

STARTED = datetime.fromisoformat("2026-10-25T00:58:00+00:00")
ENDINGS: tuple[tuple[Disposition, int], ...] = (
    ("answered", 16), ("no_answer", 19), ("busy", 17), ("rejected", 21), ("failed", 1), ("congestion", 34), ("congestion", 38),
)  # fmt: skip
DIRECTIONS: tuple[Direction, ...] = ("outbound", "inbound", "internal")


def fact(direction: Direction, disposition: Disposition, q850: int) -> Fact:
    answered = STARTED + timedelta(seconds=20) if disposition == "answered" else None
    ended = STARTED + timedelta(seconds=250 if answered else 20)
    data = CallEnded(
        call_id="pbx:1792889880.7", identity="204", direction=direction, started_at=STARTED, answered_at=answered,
        ended_at=ended, talk_s=230 if answered else 0, ring_s=20, disposition=disposition, q850=q850,
        line="pbx" if direction == "internal" else "pbx/trunk-a", customer="k1:0123456789abcdef",
    )  # fmt: skip
    return Fact(id=event_id("pbx", CALL, "1792889880.7"), type=CALL, source="pbx", time=ended, data=data)


def read(requests: tuple[Outgoing, ...], source: Source) -> CallEnded:
    legs = []
    for one in requests:
        rest = one.path.removeprefix("/hooks/pbx").strip("/")
        request = Request("POST", rest, "", one.headers, one.body, STARTED + timedelta(minutes=5))
        PROVIDER.verify(request, source, {"path": ("word",)}, (STARTED,))
        legs += PROVIDER.parse(request, source).legs
    assert {leg.call for leg in legs} == {"1792889880.7"}
    data = PROVIDER.join(source, "1792889880.7", legs).data
    assert isinstance(data, CallEnded)
    return data


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize(("direction", "ending"), list(product(DIRECTIONS, ENDINGS)))
def test_ingest_reads_what_was_meant(zone: str | None, direction: Direction, ending: tuple[Disposition, int]) -> None:
    """By AMI's events with local stamps over a change of the clocks, and by a dialplan's form."""
    meant = fact(direction, *ending)
    source = Source(SourceConfig(id="pbx", provider="asterisk", timezone=zone), zone or "UTC")
    account = Account(source.config, {"path": "word"}, "http://127.0.0.1:8080")
    found, call = read(SENDERS["asterisk"](meant, account), source), meant.data
    assert isinstance(call, CallEnded)
    for name in (
        "call_id",
        "identity",
        "direction",
        "started_at",
        "answered_at",
        "ended_at",
        "talk_s",
        "ring_s",
        "line",
    ):
        assert getattr(found, name) == getattr(call, name), name
    assert (found.disposition, found.q850) == (call.disposition, call.q850)


def test_a_dialplan_tells_who_gave_up() -> None:
    """DIALSTATUS has the cancel that a CDR has not."""
    source = Source(SourceConfig(id="pbx", provider="asterisk"))
    account = Account(source.config, {"path": "word"}, "http://127.0.0.1:8080")
    assert read(SENDERS["asterisk"](fact("outbound", "canceled", 16), account), source).disposition == "canceled"
