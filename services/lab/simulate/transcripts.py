"""Transcripts of a share of the long calls, as a speech recogniser tells them minutes later through the generic source."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from schemas.facts import TRANSCRIPT, CallEnded, CallTranscribed, Fact, event_id
from schemas.floor import Floor
from schemas.steps import STEPS
from services.lab.simulate.agent_days import Player
from services.lab.simulate.chance import stream
from services.lab.simulate.dialogue import spoken, technique
from services.lab.simulate.paths import LAB, heard_by
from services.lab.simulate.scenario import Scenario

WRITTEN_AFTER_S: Final = (40.0, 240.0)
"""A transcript comes so long after its call."""


def transcripts(
    floor: Floor,
    scenario: Scenario,
    players: Sequence[Player],
    facts: Sequence[Fact],
    pitched: frozenset[str],
    seed: int,
) -> Iterator[Fact]:
    """Args: pitched: ids of the calls that made a presentation."""
    own = {player.agent.id: player for player in players}
    ways = {id_: technique(stream(seed, "technique", id_), _skill(player)) for id_, player in own.items()}
    for fact in facts:
        call, player = fact.data, own.get(fact.agent or "")
        if not isinstance(call, CallEnded) or player is None or call.call_id is None:
            continue
        random = stream(seed, "transcript", call.call_id)
        if call.talk_s < floor.long_call_of(player.agent.team) or random.random() >= scenario.transcribed_share:
            continue
        path = heard_by(floor, player.agent)
        if path.source == LAB:
            continue
        said = spoken(
            random,
            ways[player.agent.id],
            name=player.agent.title.split()[0],
            language=floor.language,
            talk_s=float(call.talk_s),
            presented=call.call_id in pitched,
        )
        data = CallTranscribed(
            call_id=call.call_id, agent=player.agent.id, identity=path.identity, language=floor.language, segments=said
        )
        at = fact.time + timedelta(seconds=round(random.uniform(*WRITTEN_AFTER_S), 1))
        id_ = event_id(path.source, TRANSCRIPT, call.call_id)
        yield Fact(id=id_, type=TRANSCRIPT, source=path.source, time=at, data=data)


def _skill(player: Player) -> float:
    """Of the weakest step."""
    return min(player.cast.of(step) for step in STEPS)
