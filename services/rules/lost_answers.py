"""Conversations that did not come about on numbers and lists found bad (DOMAIN §11: the cause number/list of money at risk).

    lost = usual answers of the attempts on the path while it was bad × what the rest of the floor had of its own − answers

Usual is the path's own hour of the week (``baselines``), as the finding itself is held against. Attempts that the network
failed count for nothing: they are the line's. An attempt on two bad paths is lost once, on the one that was found first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from schemas.floor import Floor
from services.rules import paths
from services.rules.baselines import Baselines
from services.rules.detectors.windowed import Finding
from services.rules.paths import ANSWERED, ATTEMPTS, FAILED, Cells, Path, paths_of

Route = tuple[int, str, str | None, str | None, str | None]
"""Bin; line, number, campaign, agent."""


def lost_answers(floor: Floor, cells: Cells, by: Baselines, bad: Sequence[Finding]) -> list[dict[str, float]]:
    """Of each of *bad*: team → conversations lost, in the order given; teams without any are absent.

    Args:
        cells: traffic of the day. bad: findings with the verdict ``number`` or ``list``.
    """
    teams = {agent.id: agent.team for agent in floor.agents}
    taken: set[Route] = set()
    found: dict[int, dict[str, float]] = {}
    for place in sorted(range(len(bad)), key=lambda at: (bad[at].fired_at, bad[at].since, bad[at].path)):
        one = bad[place]
        numbers = range(paths.bin_of(one.since) + 1, paths.bin_of(one.last_bad) + 1)
        factor = _rest(floor, cells, by, one.path, numbers)
        found[place] = _lost(cells, by, one.path, numbers, factor, teams, taken)
    return [found[place] for place in range(len(bad))]


def _lost(
    cells: Cells,
    by: Baselines,
    path: Path,
    numbers: Iterable[int],
    factor: float,
    teams: Mapping[str, str],
    taken: set[Route],
) -> dict[str, float]:
    missing: dict[str, float] = {}
    for number in numbers:
        hour = paths.hour_of(number, by.floor.zone)
        for (line, did, campaign, agent), cell in cells.get(number, {}).items():
            route = (number, line, did, campaign, agent)
            team = teams.get(agent or "")
            if path not in paths_of(line, did, campaign) or team is None or route in taken:
                continue
            taken.add(route)
            usual = factor * by.answered(path, *hour) * (cell.counts[ATTEMPTS] - cell.counts[FAILED])
            missing[team] = missing.get(team, 0.0) + usual - cell.counts[ANSWERED]
    whole = max(0.0, sum(missing.values()))
    short = {team: own for team, own in missing.items() if own > 0}
    # What one team had above the usual lowers the loss of the others: the teams add up to the floor's.
    part = whole / sum(short.values()) if short else 0.0
    return {team: own * part for team, own in short.items() if own * part > 0}


def _rest(floor: Floor, cells: Cells, by: Baselines, path: Path, numbers: Collection[int]) -> float:
    """What the rest of the floor had of its own usual answers in that time, at most all of it."""
    answered = usual = 0.0
    for number in numbers:
        hour = paths.hour_of(number, floor.zone)
        for (line, did, campaign, _), cell in cells.get(number, {}).items():
            if path not in paths_of(line, did, campaign):
                answered += cell.counts[ANSWERED]
                usual += by.answered(("line", line), *hour) * (cell.counts[ATTEMPTS] - cell.counts[FAILED])
    if by.known(path):
        lean = floor.outages.answer_rate.rest_lean
        return min(1.0, (lean + answered) / (lean + usual))
    return min(1.0, answered / usual) if usual else 0.0
