"""What becomes of facts that say the same again, something else, or nothing new: order must not matter."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas import facts
from schemas.facts import InvoiceIssued
from schemas.floor import parse
from services.ingest.providers.base import Draft
from services.ingest.stamp import Stamped, stamp
from services.ingest.storage.facts import Candidate, Stored, plan
from tests.services.ingest.conftest import FLOOR

FLOOR_ = parse(FLOOR)
NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)


def invoice(amount: int, received_min: int, *, id_: str = "i1", journal: int = 0, identity: str = "222") -> Candidate:
    data = InvoiceIssued(invoice=f"own:{id_}", identity=identity, at=NOON, amount_minor=amount, currency="RUB")
    stamped: Stamped = stamp(
        Draft(facts.INVOICE, id_, NOON, data), "own", NOON + timedelta(minutes=received_min), FLOOR_
    )
    return Candidate(stamped, journal or received_min + 1)


def content(stored: dict[str, Stored]) -> dict[str, tuple[bytes, datetime]]:
    return {id_: (found.content_hash, found.received_at) for id_, found in stored.items()}


def test_the_same_again_is_a_duplicate() -> None:
    """Counted, not stored twice; the first arrival stays."""
    stored: dict[str, Stored] = {}
    made = plan([invoice(1, 0), invoice(1, 5)], stored)
    assert (len(made.inserts), len(made.told.duplicates), made.updates, made.dirty) == (1, 1, {}, set())
    assert next(iter(stored.values())).received_at == NOON


def test_something_else_is_a_revision() -> None:
    """The later one wins, the earlier one is remembered, and the agent's day is to be looked at again."""
    stored: dict[str, Stored] = {}
    plan([invoice(1, 0)], stored)
    made = plan([invoice(2, 5, identity="223")], stored)
    assert [candidate.stamped.fact.data.amount_minor for candidate in made.updates.values()] == [2]  # type: ignore[union-attr]
    assert [(revision, '"amount_minor":1' in data) for _, revision, data in made.replaced] == [(0, True)]
    assert {agent for agent, _ in made.dirty} == {"ivan", "maria"}


def test_what_is_older_does_not_win() -> None:
    """A late delivery of an earlier content changes nothing."""
    stored: dict[str, Stored] = {}
    plan([invoice(2, 5)], stored)
    made = plan([invoice(1, 0)], stored)
    assert (made.updates, made.replaced, len(made.told.duplicates)) == ({}, [], 1)


def test_a_replay_of_its_own_row_wins() -> None:
    """The parser was mended: the same journal row says it better now."""
    stored: dict[str, Stored] = {}
    plan([invoice(1, 0, journal=7)], stored)
    for amount in (3, 2):
        made = plan([invoice(amount, 0, journal=7)], stored)
        assert len(made.updates) == 1


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4), st.sampled_from(["i1", "i2"])), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
    st.integers(1, 8),
)
def test_order_and_batching_do_not_matter(said: list[tuple[int, int, str]], random: object, size: int) -> None:
    """Different contents of an event, each with its arrival, end the same however shuffled, repeated or batched."""
    arrivals = {(id_, received): (amount, received, id_) for amount, received, id_ in said}
    unique = {(id_, amount): (amount, received, id_) for amount, received, id_ in arrivals.values()}
    candidates = [
        invoice(amount, received, id_=id_, journal=number)
        for number, (amount, received, id_) in enumerate(unique.values(), 1)
    ]
    expected: dict[str, Stored] = {}
    plan(candidates, expected)
    shuffled = [*candidates, *candidates]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    actual: dict[str, Stored] = {}
    for at in range(0, len(shuffled), size):
        plan(shuffled[at : at + size], actual)
    assert {id_: hash_ for id_, (hash_, _) in content(actual).items()} == {
        id_: hash_ for id_, (hash_, _) in content(expected).items()
    }


def won(amount: int, *, after: timedelta, identity: str) -> Candidate:
    """A deal that passes its invoice stage, *after* noon."""
    at = NOON + after
    data = InvoiceIssued(invoice="own:d1", identity=identity, at=at, amount_minor=amount, currency="RUB")
    stamped = stamp(Draft(facts.INVOICE, "d1", at, data, once=True), "own", at, FLOOR_)
    return Candidate(stamped, 1 + int(after.total_seconds()), once=True)


def test_a_deal_counts_once_at_its_first_time() -> None:
    """Passing the stage again on another day moves nothing; only a changed amount is a revision."""
    stored: dict[str, Stored] = {}
    plan([won(1, after=timedelta(), identity="222")], stored)
    again = plan([won(1, after=timedelta(days=3), identity="223")], stored)
    assert (again.updates, len(again.told.duplicates)) == ({}, 1)
    dearer = plan([won(2, after=timedelta(days=4), identity="223")], stored)
    (revised,) = dearer.updates.values()
    assert (revised.stamped.fact.time, revised.stamped.fact.agent, revised.stamped.day) == (NOON, "ivan", NOON.date())
