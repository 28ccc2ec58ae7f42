"""What is worth a look, tried on people of whom it is known whether it is: drift, drops, habits (DOMAIN §6, §12)."""

from collections.abc import Callable, Iterator

import msgspec

from services.lab.accuracy import drifts, drops, habits


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    drift: list[drifts.DriftOf]
    drop: drops.Drops
    habits: list[habits.HabitOf]

    @property
    def agrees(self) -> bool:
        return not list(wrong(self))


def work(agents: int, days: int) -> int:
    """How much ``worth`` will report as done."""
    return sum(one.work(agents, days) for one in (drifts, drops, habits))


def worth(agents: int, days: int, seed: int, advance: Callable[[int], object] = lambda _: None) -> Worth:
    return Worth(
        drift=drifts.drifts(agents, days, seed, advance),
        drop=drops.drops(agents, days, seed, advance),
        habits=habits.habits(agents, days, seed, advance),
    )


def wrong(found: Worth) -> Iterator[str]:
    """What is pointed at too often, in words."""
    yield from (f"drift of {one.step}, {one.floor}" for one in found.drift if not one.agrees)
    yield from (f"drop of calls, {one.floor}, {one.course}" for one in found.drop.people if one.agrees is False)
    yield from (f"drop of a team, {one.course}" for one in found.drop.teams if one.agrees is False)
    yield from (f"habit {one.habit}" for one in found.habits if one.agrees is False)
