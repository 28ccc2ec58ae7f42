"""Whose problem a code is, and which steps a fact counts in."""

from datetime import datetime
from typing import Any

import pytest

from schemas.facts import INVOICE, PAYMENT, PRESENTATION, REFUND, STATE, CallEnded, Direction, Disposition, Payment
from schemas.floor.outages import CauseTable
from schemas.steps import Step
from services.rules.causes import Blame, blame, is_network_failure
from services.rules.funnel import Thresholds, is_short, steps_of, thresholds
from tests.services.rules.stories import floor, instant

TABLE = CauseTable()


@pytest.mark.parametrize(
    ("disposition", "sip", "q850", "wanted"),
    [
        *(("failed", sip, None, "network") for sip in (403, 408, 488, 500, 502, 503, 504)),
        *(("failed", None, q850, "network") for q850 in (27, 34, 38, 41, 42, 47, 57, 58, 65, 102, 127)),
        ("busy", 486, 17, "person"),
        ("no_answer", 480, 19, "person"),
        ("no_answer", None, 20, "person"),
        ("rejected", 603, 21, "person"),
        ("canceled", 487, None, "person"),
        ("failed", 404, 1, "list"),
        ("failed", 410, 22, "list"),
        ("failed", 484, 28, "list"),
        ("failed", 503, 17, "network"),
        ("failed", 404, 34, "list"),
        ("congestion", None, None, "network"),
        ("failed", None, None, "unknown"),
        ("failed", 699, None, "unknown"),
        ("no_answer", None, None, "person"),
        ("answered", 503, 34, "none"),
        ("voicemail", 503, None, "none"),
    ],
)
def test_blame(disposition: Disposition, sip: int | None, q850: int | None, wanted: Blame) -> None:
    """SIP decides before Q.850; what was answered is nobody's fault; without a code congestion is the network's."""
    assert blame(disposition, sip, q850, TABLE) == wanted


def test_a_failure_without_any_code_counts_as_the_networks() -> None:
    """It may be: the verdict will say ``undetermined``. With an unknown code it does not count."""
    assert is_network_failure("failed", None, None, TABLE)
    assert not is_network_failure("failed", 699, None, TABLE)
    assert not is_network_failure("busy", None, None, TABLE)
    assert is_network_failure("no_answer", 408, None, TABLE)


BY = Thresholds(long_s=600, short_s=30, count_inbound=False)
INBOUND = Thresholds(long_s=600, short_s=30, count_inbound=True)


@pytest.mark.parametrize(
    ("direction", "disposition", "talk_s", "by", "wanted"),
    [
        ("outbound", "answered", 599.999, BY, ("calls", "answered")),
        ("outbound", "answered", 600, BY, ("calls", "answered", "long_calls")),
        ("outbound", "answered", 0, BY, ("calls", "answered")),
        ("outbound", "no_answer", 0, BY, ("calls",)),
        ("outbound", "voicemail", 900, BY, ("calls",)),
        ("outbound", "congestion", 0, BY, ("calls",)),
        ("inbound", "answered", 700, BY, ()),
        ("inbound", "answered", 700, INBOUND, ("calls", "answered", "long_calls")),
        ("inbound", "no_answer", 0, INBOUND, ()),
        ("internal", "answered", 700, INBOUND, ()),
    ],
)
def test_steps_of_a_call(
    direction: Direction, disposition: Disposition, talk_s: float, by: Thresholds, wanted: tuple[Step, ...]
) -> None:
    """Outbound attempts of any disposition; inbound answered where the team counts them; internal never."""
    assert steps_of("srez.call.ended.v1", _call(direction, disposition, talk_s), by) == wanted


def _call(direction: Direction, disposition: Disposition, talk_s: float) -> CallEnded:
    when: datetime = instant("10:00")
    return CallEnded(
        call_id="mango:1", direction=direction, started_at=when, ended_at=when, talk_s=talk_s, disposition=disposition
    )


def test_short_calls_are_a_diagnostic() -> None:
    """Answered with less than half a minute of talk."""
    assert is_short("outbound", "answered", 29.9, BY)
    assert not is_short("outbound", "answered", 30, BY)
    assert not is_short("outbound", "no_answer", 0, BY)
    assert not is_short("inbound", "answered", 5, BY)


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [
        (PRESENTATION, ("presentations",)),
        (INVOICE, ("invoices",)),
        (PAYMENT, ("payments",)),
        (REFUND, ()),
        (STATE, ()),
    ],
)
def test_steps_of_other_facts(type_: str, wanted: tuple[Step, ...]) -> None:
    """A refund lowers money, not the count; states and scores are no steps."""
    data: Any = Payment(payment="p", at=instant("10:00"), amount_minor=1, currency="RUB")
    assert steps_of(type_, data, BY) == wanted


def test_thresholds_are_the_teams_or_the_floors() -> None:
    """A team may count inbound calls and shorter long ones; others keep the floor's numbers."""
    described = floor(teams="[{id: hunters, count_inbound: true, long_call_s: 300}, {id: farmers, short_call_s: 10}]")
    assert thresholds(described, "hunters") == Thresholds(300, 30, True)
    assert thresholds(described, "farmers") == Thresholds(600, 10, False)
