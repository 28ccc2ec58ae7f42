"""When the time lost to a workplace ends: by the calls of one person, few and by chance short (ADR 0045)."""

from datetime import UTC, datetime

import pytest

from services.rules.detectors.windowed import Signal, Watch
from services.rules.detectors.workplace_audio import _weight
from services.rules.paths import ends

USUAL = 0.3


def signal(looks: str, *, bad: bool = False) -> Signal:
    """A bin's answered calls: ``s`` short, ``l`` long."""
    short, well = looks.count("s"), "l" in looks
    weight = _weight(short, len(looks), USUAL)
    return Signal(bad, well, not well, datetime(2026, 11, 23, tzinfo=UTC), {}, weight)


def watch(*bins: str) -> Watch:
    """Fires with bin 0; then one look a bin."""
    found = Watch("workplace_audio", ("agent", "ivan"))
    found.look(0, signal("s", bad=True))
    for number, looks in enumerate(bins, 1):
        found.look(number, signal(looks))
    return found


@pytest.mark.parametrize(
    ("bins", "last_bad", "resolved"),
    [
        ((), 0, None),
        (("s", "s"), 2, None),
        (("s", "l", "s"), 1, None),
        (("s", "l", "s", "s"), 4, None),
        (("s", "l", "s", "l"), 1, 4),
        (("l", "l"), 0, 2),
        (("s", "ss", "l", "s", "l"), 2, 5),
        (("s", "s", "l", "ss", "s"), 5, None),
    ],
    ids=["found", "lasts", "one good call", "not the end", "a usual short call after it", "at once", "long", "goes on"],
)
def test_it_ends_where_the_calls_say_so(bins: tuple[str, ...], last_bad: int, resolved: int | None) -> None:
    """One short call after a long one is as usual; two are the fault again. Two good looks of three end the alert."""
    (found,) = watch(*bins).findings
    assert found.last_bad == ends(last_bad)
    assert found.resolved_at == (None if resolved is None else ends(resolved))


def test_an_agent_who_is_always_short_weighs_little() -> None:
    """Never turns round: a short call always speaks for the fault, a long one against it."""
    for usual in (0.0, 0.3, 0.85, 1.0):
        assert _weight(1, 1, usual) > 0 > _weight(0, 1, usual)
