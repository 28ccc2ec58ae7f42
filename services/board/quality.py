"""What the pages and the API say about quality, put together: scores, stages, agreement, what to hear next."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.floor.quality import Form, Zones
from schemas.steps import Step
from services.board.storage import quality as stored
from services.board.storage.quality import Candidate, Dispute, Marked, Read
from services.reads.kept import Kept, key_of
from services.rules.day import WorkingDay
from services.rules.quality.agreement import Agreement, Machine, between_people, with_machine
from services.rules.quality.forms import Key, form_for
from services.rules.quality.funnel import StageShare, stage_funnel
from services.rules.quality.interval import Interval, mean_score
from services.rules.quality.listening import Heard, Pick, best_of, queue
from services.rules.quality.scoring import Sheet, Zone, call_score, counted, zone


@dataclass(frozen=True, slots=True)
class Standing:
    """Quality of one agent, or of a team (``agent`` None). ``score`` of the random calls only; ``zone`` once enough are heard."""

    team: str
    agent: str | None
    score: Interval | None
    zone: Zone | None
    heard: int
    calls: int
    funnel: list[StageShare]
    transcripts: int
    zones: Zones


@dataclass(frozen=True, slots=True)
class CallMarks:
    """Sheets of one call by one form, as disputes left them; ``given``: as people gave them, each for themselves."""

    call: str
    agent: str | None
    form: Form
    sheets: list[Sheet]
    given: list[Sheet]
    machine: Mapping[str, float | None]

    @property
    def random(self) -> bool:
        return any(sheet.sample == "random" for sheet in self.sheets)

    @property
    def score(self) -> float | None:
        return call_score(self.form, self.sheets, self.machine)


Owned = TypeVar("Owned", CallMarks, Read, Heard)


@dataclass(frozen=True, slots=True)
class Question:
    """How one question of a form is judged: by people among themselves, against the machine, and disputed."""

    form: Form
    item: str
    people: Agreement | None
    machine: Machine | None
    disputed: int
    changed: int


@dataclass(frozen=True, slots=True)
class Next:
    """A call of the queue and who marked it already."""

    pick: Pick
    marked_by: tuple[str, ...]

    @property
    def done(self) -> bool:
        return len(self.marked_by) >= self.pick.people


@dataclass(frozen=True, slots=True)
class Card:
    """A marked call; ``at``: when it was marked last."""

    of: CallMarks
    at: datetime

    @property
    def zone(self) -> Zone | None:
        return None if self.of.score is None else zone(self.of.score, self.of.form.zones)


@dataclass(frozen=True, slots=True)
class Overview:
    teams: list[Standing]
    agents: list[Standing]
    questions: list[Question]
    unknown_forms: list[Key] = field(default_factory=list)


def call_marks(
    floor: Floor,
    marked: Iterable[Marked],
    read: Iterable[Read],
    disputes: Sequence[Dispute],
    forms: Mapping[Key, Form],
) -> tuple[list[CallMarks], list[Key]]:
    """People's marks by call, and forms that marks name and nobody described."""
    machine = {one.call: one for one in read}
    by_call: dict[str, list[Marked]] = defaultdict(list)
    for one in marked:
        if not floor.quality.is_machine(one.sheet.by):
            by_call[one.call].append(one)
    found, unknown = [], set()
    for call, own in by_call.items():
        unknown |= {one.sheet.form for one in own if one.sheet.form not in forms}
        sheets = counted(one.sheet for one in own if one.sheet.form in forms)
        if not sheets:
            continue
        form = forms[sheets[0].form]
        seen = machine.get(call)
        marks = seen.marks if seen and seen.form == form.key else {}
        given = stored.independent(sheets, disputes)
        found.append(CallMarks(call, own[0].agent, form, stored.with_changes(sheets, disputes), given, marks))
    return found, sorted(unknown)


def window(floor: Floor, day: WorkingDay) -> tuple[Date, Date]:
    return day.date - timedelta(days=floor.quality.listening.window_days - 1), day.date


async def overview(connection: AsyncConnection, floor: Floor, day: WorkingDay, forms: Mapping[Key, Form]) -> Overview:
    first, last = window(floor, day)
    disputes = await stored.disputes(connection)
    read = await stored.read(connection, first, last)
    calls, unknown = call_marks(floor, await stored.marked(connection, first, last), read, disputes, forms)
    talks = await stored.talks(connection, first, last, floor.quality.listening.min_talk_s)
    calls_of, read_of = _grouped(calls), _grouped(read)
    agents, teams = [], []
    for team in floor.teams:
        members = [agent.id for agent in floor.agents if agent.team == team.id]
        for agent in members:
            own = (calls_of[agent], read_of[agent])
            agents.append(_standing(floor, team.id, agent, *own, talks.get(agent, 0), forms))
        whole = (
            [one for agent in members for one in calls_of[agent]],
            [one for agent in members for one in read_of[agent]],
        )
        teams.append(_standing(floor, team.id, None, *whole, sum(talks.get(agent, 0) for agent in members), forms))
    return Overview(teams, agents, _questions(calls, disputes, floor.quality.certainty), unknown)


async def of_agent(
    connection: AsyncConnection, floor: Floor, day: WorkingDay, forms: Mapping[Key, Form], agent: str
) -> Standing:
    """Of one agent on the roster."""
    first, last = window(floor, day)
    read = await stored.read(connection, first, last, agent)
    marked = await stored.marked(connection, first, last, agent)
    calls, _ = call_marks(floor, marked, read, await stored.disputes(connection), forms)
    talks = await stored.talks(connection, first, last, floor.quality.listening.min_talk_s, agent)
    return _standing(floor, floor.agent_by_id[agent].team, agent, calls, read, talks.get(agent, 0), forms)


async def cards(connection: AsyncConnection, floor: Floor, day: WorkingDay, forms: Mapping[Key, Form]) -> list[Card]:
    """Calls of agents on *floor* that people marked, the newest first."""
    first, last = window(floor, day)
    read = await stored.read(connection, first, last)
    marked = await stored.marked(connection, first, last)
    calls, _ = call_marks(floor, marked, read, await stored.disputes(connection), forms)
    newest = {one.call: one.at for one in marked}
    found = [Card(one, newest[one.call]) for one in calls if one.agent in floor.agent_by_id]
    return sorted(found, key=lambda card: (card.at, card.of.call), reverse=True)


def _grouped(rows: Iterable[Owned]) -> dict[str | None, list[Owned]]:
    found: dict[str | None, list[Owned]] = defaultdict(list)
    for row in rows:
        found[row.agent].append(row)
    return found


def _standing(
    floor: Floor,
    team: str,
    agent: str | None,
    calls: Sequence[CallMarks],
    read: Sequence[Read],
    talks: int,
    forms: Mapping[Key, Form],
) -> Standing:
    rule = floor.quality.listening
    form = form_for(floor, team, forms)
    scores = [value for call in calls if call.random and (value := call.score) is not None]
    found = mean_score(scores, talks, rule.spread, floor.quality.certainty)
    stages = {one.call: set(one.stages) for one in read}
    for call in calls:
        if call.call in stages:
            stages[call.call] |= _stages_marked(call)
    enough = found is not None and found.n >= rule.min_calls
    return Standing(
        team=team,
        agent=agent,
        score=found,
        zone=zone(found.value, form.zones) if found is not None and enough else None,
        heard=len(calls),
        calls=talks,
        funnel=stage_funnel(form.stages, list(stages.values()), floor.quality.certainty),
        transcripts=len(stages),
        zones=form.zones,
    )


def _stages_marked(call: CallMarks) -> set[str]:
    """Stages that a person heard: any mark above 0."""
    return {
        item.stage for item in call.form.items if item.stage and any(sheet.marks.get(item.id) for sheet in call.sheets)
    }


def _questions(calls: Sequence[CallMarks], disputes: Sequence[Dispute], sure: float) -> list[Question]:
    by_form: dict[Key, list[CallMarks]] = defaultdict(list)
    for call in calls:
        by_form[call.form.key].append(call)
    form_of = {sheet.event: call.form.key for call in calls for sheet in call.sheets}
    found = []
    for key, own in sorted(by_form.items()):
        form = own[0].form
        ids = [item.id for item in form.items]
        heard = [item.id for item in form.items if item.phrases]
        people = {one.item: one for one in between_people(ids, [call.given for call in own], sure)}
        machine = {one.item: one for one in with_machine(heard, [(call.machine, _people(call)) for call in own], sure)}
        for item in ids:
            about = [one for one in disputes if one.item == item and form_of.get(one.score) == key]
            changed = sum(one.outcome == "changed" for one in about)
            found.append(Question(form, item, people.get(item), machine.get(item), len(about), changed))
    return found


def _people(call: CallMarks) -> list[Sheet]:
    return call.sheets if call.machine else []


async def to_hear(connection: AsyncConnection, kept: Kept, floor: Floor, day: WorkingDay, now: datetime) -> list[Next]:
    """The queue of *day*: of the days before it; on a floor's very first day of what came before the last cut-off."""
    first, last = day.date - timedelta(days=floor.quality.listening.days), day.date - timedelta(days=1)
    rungs = await stored.rungs(connection, first, last + timedelta(days=1))
    limits = [(agent.id, agent.team, floor.long_call_of(agent.team)) for agent in floor.agents]
    key = key_of("to hear", floor.quality.listening, limits, sorted(rungs.items()), day.starts)
    picks = await kept.of_span(
        *(connection, key, first, last, lambda: _drawn(connection, floor, first, last, day.starts, rungs)),
        of=("facts",),
    )
    if picks is None:
        cuts = [cut.at for cut in day.cut_offs if cut.at <= now]
        first = last = day.date
        rungs = await stored.rungs(connection, first, last + timedelta(days=1))
        picks = (cuts and await _drawn(connection, floor, first, last, cuts[-1], rungs)) or []
    by_call: dict[str, list[str]] = defaultdict(list)
    for one in await stored.marked(connection, first, day.date):
        if not floor.quality.is_machine(one.sheet.by):
            by_call[one.call].append(one.sheet.by)
    return [Next(pick, tuple(dict.fromkeys(by_call[pick.call.call]))) for pick in picks]


async def _drawn(
    connection: AsyncConnection, floor: Floor, first: Date, last: Date, by: datetime, rungs: Mapping[str, Step]
) -> list[Pick] | None:
    """Of the calls of *first* … *last* that ended by then; None when there are none."""
    calls = await stored.candidates(connection, first, last, by)
    if not calls:
        return None
    presented = await stored.presentations(connection, first, last)

    def draw() -> list[Pick]:
        heard = _heard(floor, calls, presented)
        teams = {agent.id: agent.team for agent in floor.agents}
        return queue(floor.quality.listening, heard, teams, rungs, _best(floor, heard))

    return await asyncio.to_thread(draw)


def _heard(
    floor: Floor, calls: Sequence[Candidate], presented: Sequence[tuple[str, datetime, str | None]]
) -> list[Heard]:
    within = timedelta(seconds=floor.quality.listening.presented_within_s)
    long_s = {agent.id: floor.long_call_of(agent.team) for agent in floor.agents}
    named = {call for _, _, call in presented if call}
    times: dict[str, list[datetime]] = defaultdict(list)
    for agent, at, call in presented:
        if not call:
            times[agent].append(at)
    return [
        Heard(
            call=one.call,
            agent=one.agent,
            ended_at=one.ended_at,
            talk_s=one.talk_s,
            long=one.talk_s >= long_s[one.agent],
            presented=one.call in named
            or any(one.started_at <= at <= one.ended_at + within for at in times.get(one.agent, ())),
        )
        for one in calls
        if one.agent in long_s
    ]


def _best(floor: Floor, heard: Sequence[Heard]) -> dict[str, list[str]]:
    results: dict[str, dict[str, tuple[int, float]]] = {team.id: {} for team in floor.teams}
    by_agent = _grouped(heard)
    for agent in floor.agents:
        own = by_agent[agent.id]
        if own:
            results[agent.team][agent.id] = (
                sum(call.presented and call.long for call in own),
                sum(call.talk_s for call in own) / 3600,
            )
    return {team: best_of(found, floor.quality.listening.best_share) for team, found in results.items() if found}
