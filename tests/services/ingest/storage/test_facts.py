"""What becomes of facts that say the same again, something else, or nothing new: order must not matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
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


def won(amount: int, *, after: timedelta, identity: str | None, received: timedelta | None = None) -> Candidate:
    """A deal that passes its invoice stage *after* noon, as told *received* after noon."""
    at = NOON + after
    told = after if received is None else received
    data = InvoiceIssued(invoice="own:d1", identity=identity, at=at, amount_minor=amount, currency="RUB")
    stamped = stamp(Draft(facts.INVOICE, "d1", at, data, once=True), "own", NOON + told, FLOOR_)
    return Candidate(stamped, 1 + int(told.total_seconds()), once=True)


def whose(stored: dict[str, Stored]) -> tuple[datetime, str | None, str | None, int]:
    """(time, identity, agent, amount) of the one stored invoice."""
    (found,) = stored.values()
    data = facts.decode_data(facts.INVOICE, found.data.encode())
    assert isinstance(data, InvoiceIssued)
    assert found.agent == data.agent
    assert found.day == data.at.date()
    return data.at, data.identity, data.agent, data.amount_minor


def test_a_deal_counts_once_at_its_first_time() -> None:
    """Passing the stage again on another day moves nothing; only a changed amount is a revision."""
    stored: dict[str, Stored] = {}
    plan([won(1, after=timedelta(), identity="222")], stored)
    again = plan([won(1, after=timedelta(days=3), identity="223")], stored)
    assert (again.updates, len(again.told.duplicates)) == ({}, 1)
    dearer = plan([won(2, after=timedelta(days=4), identity="223")], stored)
    (revised,) = dearer.updates.values()
    assert (revised.stamped.fact.time, revised.stamped.fact.agent, revised.stamped.day) == (NOON, "ivan", NOON.date())


def test_a_won_deal_that_is_handed_over_stays_whose_it_was() -> None:
    """The same passage, told again when somebody else has the deal: no revision."""
    stored: dict[str, Stored] = {}
    plan([won(1, after=timedelta(), identity="222")], stored)
    again = plan([won(1, after=timedelta(), identity="223", received=timedelta(days=2))], stored)
    assert (again.updates, whose(stored)) == ({}, (NOON, "222", "ivan", 1))


def test_a_telling_that_knows_nobody_takes_no_name_away() -> None:
    """Later, at the same time or at an earlier passage: the amount is news, the name stays."""
    for after in (timedelta(), timedelta(days=1), -timedelta(hours=1)):
        stored: dict[str, Stored] = {}
        plan([won(1, after=timedelta(), identity="222")], stored)
        plan([won(2, after=after, identity=None, received=timedelta(days=2))], stored)
        assert whose(stored) == (min(NOON, NOON + after), "222", "ivan", 2)


def test_a_name_that_was_not_known_is_filled_in() -> None:
    """By the first telling that knows it, with the first time kept; whom the roster does not know is still a name."""
    stored: dict[str, Stored] = {}
    plan([won(1, after=timedelta(), identity=None)], stored)
    made = plan([won(1, after=timedelta(days=1), identity="222")], stored)
    assert whose(stored) == (NOON, "222", "ivan", 1)
    assert {key for key, _ in made.dirty} == {"own:", "ivan"}
    plan([won(1, after=timedelta(days=2), identity="223")], stored)
    assert whose(stored) == (NOON, "222", "ivan", 1)
    stored = {}
    plan([won(1, after=timedelta(), identity="999")], stored)
    plan([won(1, after=timedelta(days=1), identity="222")], stored)
    assert whose(stored) == (NOON, "999", None, 1)


def given_to(agent: str, candidate: Candidate) -> Candidate:
    fact = candidate.stamped.fact
    owned = msgspec.structs.replace(fact, data=msgspec.structs.replace(fact.data, agent=agent))
    return replace(candidate, stamped=replace(candidate.stamped, fact=owned))


def test_an_agent_the_roster_has_learned_since() -> None:
    """A name that was nobody's goes to whom the roster gives it now; one that has an agent keeps it."""
    for identity, agent in (("999", "maria"), ("222", "ivan")):
        stored: dict[str, Stored] = {}
        plan([won(1, after=timedelta(), identity=identity)], stored)
        plan([given_to("maria", won(2, after=timedelta(days=1), identity=identity))], stored)
        assert whose(stored) == (NOON, identity, agent, 2)


def test_an_earlier_passage_takes_time_and_name() -> None:
    """A webhook that was lost is found later: the deal was won when it first passed, by whoever won it then."""
    stored: dict[str, Stored] = {}
    plan([won(1, after=timedelta(days=1), identity="223")], stored)
    plan([won(1, after=timedelta(), identity="222", received=timedelta(days=2))], stored)
    assert whose(stored) == (NOON, "222", "ivan", 1)


def test_reading_everything_again_moves_nothing() -> None:
    """The row of a later passage that told another amount is read again: the first time and name stay."""
    rows = [won(1, after=timedelta(), identity="222"), won(2, after=timedelta(days=2), identity="223")]
    stored: dict[str, Stored] = {}
    plan(rows, stored)
    for _ in range(2):
        assert plan(rows, stored).updates == {}
    assert whose(stored) == (NOON, "222", "ivan", 2)


def test_the_only_row_that_told_it_corrects_all_of_it() -> None:
    """Its parser was mended: another time, another name."""
    stored: dict[str, Stored] = {}
    plan([won(1, after=timedelta(), identity="222")], stored)
    mended = won(1, after=timedelta(hours=3), identity="223", received=timedelta(hours=4))
    plan([replace(mended, journal_id=1)], stored)
    assert whose(stored) == (NOON + timedelta(hours=3), "223", "maria", 1)


@given(st.permutations(range(4)))
def test_the_order_of_tellings_does_not_matter(order: list[int]) -> None:
    """The first passage, the first name known of it, the last amount: in whatever order the rows are parsed."""
    told = [
        won(1, after=timedelta(), identity=None),
        won(2, after=timedelta(), identity="222", received=timedelta(hours=1)),
        won(3, after=timedelta(days=1), identity=None),
        won(4, after=timedelta(days=2), identity="222"),
    ]
    stored: dict[str, Stored] = {}
    for number in order:
        plan([told[number]], stored)
    assert whose(stored) == (NOON, "222", "ivan", 4)
