"""Which floor governs a day when the file changes in the middle of it."""

from datetime import date, datetime, timedelta

from schemas.floor import Floor
from schemas.floor.model import Person
from services.rules.versions import floor_on
from tests.services.rules.stories import MONDAY, floor, instant

OLD = floor(norms="norms: [{for: {floor: main}, per_day: {calls: 80}}]")
NEW = floor(
    agents='agents: [{id: ivan, team: hunters}, {id: olga, team: farmers, identities: {own: ["7"]}}]',
    norms="norms: [{for: {floor: main}, per_day: {calls: 90}}]",
    more="sources: [{id: own, provider: generic}]\ngrace_s: 60",
    slices='["12:00", "15:00", "18:00"]',
)
TUESDAY = MONDAY + timedelta(days=1)


def governing(applied: datetime, on: date) -> tuple[int, Floor]:
    return floor_on([(1, instant("08:00") - timedelta(days=9), OLD), (2, applied, NEW)], on)


def test_norms_wait_for_midnight_and_the_roster_does_not() -> None:
    """Applied on Monday at noon: today's norms, slices and grace are the old ones; people and sources are new."""
    number, today = governing(instant("12:00"), MONDAY)
    assert number == 2
    assert today.norms == OLD.norms
    assert today.slices == OLD.slices
    assert today.grace_s == 180
    assert set(today.agent_by_id) == {"ivan", "olga"}
    assert today.agent_by_identity == {("own", "7"): "olga"}
    assert set(today.source_by_id) == {"own"}


def test_tomorrow_is_all_new() -> None:
    """From the next local midnight on everything is."""
    assert governing(instant("12:00"), TUESDAY) == (2, NEW)
    assert governing(instant("23:59"), TUESDAY) == (2, NEW)


def test_midnight_is_the_floors() -> None:
    """00:30 in Moscow is the day before in UTC: it is applied on the new local day."""
    assert governing(instant("00:30", TUESDAY), TUESDAY)[1].norms == OLD.norms
    assert governing(instant("00:30", TUESDAY), TUESDAY + timedelta(days=1))[1].norms == NEW.norms


def test_the_first_version_governs_from_the_start() -> None:
    """The day a floor is described for the first time has nothing older."""
    assert floor_on([(1, instant("12:00"), OLD)], MONDAY) == (1, OLD)
    assert floor_on([(1, instant("12:00"), OLD)], MONDAY - timedelta(days=30)) == (1, OLD)


def test_answers_of_the_old_version_are_not_kept() -> None:
    """A roster that was looked up before the change is looked up anew after it."""
    assert set(OLD.agent_by_id) == {"ivan", "maria"}
    assert OLD.source_by_id == {}
    assert set(governing(instant("12:00"), MONDAY)[1].agent_by_id) == {"ivan", "olga"}
    assert set(OLD.agent_by_id) == {"ivan", "maria"}


def test_people_are_called_by_their_names_at_once() -> None:
    """A newcomer, and a trainer who got a name, are called by it on the same day, although the older version was asked before."""
    assert set(OLD.names) == {"ivan", "maria"}
    named = NEW.model_copy(update={"people": (Person(id="oleg", name="Oliver Dorn"),)})
    _, today = floor_on([(1, instant("08:00") - timedelta(days=9), OLD), (2, instant("12:00"), named)], MONDAY)
    assert set(today.names) == {"ivan", "olga", "oleg"}
    assert today.called("oleg") == "Oliver Dorn"


def test_who_joins_during_the_day_is_judged_from_the_next_one() -> None:
    """Nobody knows when a newcomer's work began: counted at once, owed nothing today; ``since`` says otherwise."""
    today = governing(instant("12:00"), MONDAY)[1]
    assert today.agent_by_id["olga"].since == TUESDAY
    assert today.agent_by_id["ivan"].since is None
    assert governing(instant("12:00"), TUESDAY)[1].agent_by_id["olga"].since is None
