"""Models of the floor file. Keys are those of ``floor.example.yaml``; unknown keys are errors, with the nearest name."""

from datetime import date as Date
from datetime import time as Time
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from schemas.alert_acts import Matcher
from schemas.floor.coaching import Coaching, Record
from schemas.floor.days import NIGHT, Clock, CurveWeights, Day, Span, TeamDay, Weekday, in_order
from schemas.floor.feeds import Feed, fed
from schemas.floor.fields import Fields
from schemas.floor.forecasting import Forecasting
from schemas.floor.gaming import Gaming
from schemas.floor.judgement import Judgement
from schemas.floor.mapping import Mapping
from schemas.floor.origin import Origin, Source
from schemas.floor.outages import Outages
from schemas.floor.quality import Quality
from schemas.floor.review import Review
from schemas.floor.strict import Share, Strict
from schemas.steps import Step

MessageKind = Literal["outage", "efficiency", "data", "task", "slice", "coaching", "report"]


Identifier = Annotated[str, Field(pattern=r"^[\w.@+-]+$", max_length=64)]


class EnvRef(Strict):
    """A secret by reference: the value is read from this environment variable (or from ``<NAME>_FILE``)."""

    env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


class SlackTeam(Strict):
    channel: str | None = None
    lead: str | None = None
    direct: bool = Field(False, description="slices and tasks to the lead directly, not to the channel")


class TelegramTeam(Strict):
    chat: str | None = None


class Team(Strict):
    id: Identifier
    name: str | None = None
    lead: str | None = None
    trainer: str | None = None
    count_inbound: bool = False
    long_call_s: int | None = Field(None, gt=0, description="default: the floor's")
    short_call_s: int | None = Field(None, gt=0, description="default: the floor's")
    day: TeamDay | None = Field(None, description="where the team's working day differs from the floor's")
    slack: SlackTeam = SlackTeam()
    telegram: TelegramTeam = TelegramTeam()
    email: str | None = Field(None, description="of the lead")

    @property
    def title(self) -> str:
        return self.name or self.id


class Shift(Strict):
    """One that ends before it starts runs over midnight; its weekdays are those of its start."""

    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    start: Clock
    end: Clock

    @model_validator(mode="after")
    def _ordered(self) -> "Shift":
        if not in_order(self.start, self.end):
            raise ValueError(f"a shift must start before it ends; {NIGHT}")
        return self


class Agent(Strict):
    id: Identifier
    name: str | None = None
    team: Identifier
    role: str | None = None
    identities: dict[str, tuple[str, ...]] = Field({})
    since: Date | None = Field(None, description="first day of exposure")
    until: Date | None = Field(None, description="last day of exposure")
    shifts: tuple[Shift, ...] | None = Field(None, description="default: the floor's day")
    absent: tuple[Date, ...] = ()

    @field_validator("identities", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: [str(v) for v in (ids if isinstance(ids, list) else [ids])] for key, ids in value.items()}
        return value

    @property
    def title(self) -> str:
        return self.name or self.id


class Segment(Strict):
    """Whom a norm or plan is for: exactly one key."""

    agent: str | None = None
    role: str | None = None
    team: str | None = None
    floor: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Segment":
        if sum(part is not None for part in (self.agent, self.role, self.team, self.floor)) != 1:
            raise ValueError("give exactly one of agent, role, team, floor")
        return self

    @property
    def rank(self) -> int:
        """Precedence: agent 3 > role 2 > team 1 > floor 0."""
        return next(
            rank
            for rank, part in ((3, self.agent), (2, self.role), (1, self.team), (0, self.floor))
            if part is not None
        )


class NormEntry(Strict):
    for_: Segment = Field(alias="for")
    per_day: dict[Step, Annotated[float, Field(ge=0)]]
    reference: dict[Step, Annotated[float, Field(ge=0)]] = Field({})
    weekdays: tuple[Weekday, ...] | None = None
    from_: dict[Step, Origin] = Field(
        {},
        alias="from",
        description="step → the review its numbers come from, written by `srez norms apply`; rules ignore it",
    )

    def source(self, step: Step, line: Literal["per_day", "reference"] = "per_day") -> Source:
        """Where the number of *step* comes from: a review's only while it is the number the review gave."""
        given = getattr(self.from_.get(step), line, None)
        if given is None:
            return "hand"
        return "review" if getattr(self, line).get(step) == given else "changed"


class Plan(Strict):
    for_: Segment = Field(alias="for")
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    payments_minor: int | None = Field(None, ge=0)
    payments: int | None = Field(None, ge=0)


class Counts(Strict):
    """What a CRM calls a presentation, an invoice, a payment: any of these makes a deal count."""

    stage: tuple[str, ...] = Field((), description="stages, as STAGE or PIPELINE:STAGE")
    status: tuple[int, ...] = Field((), description="stages that are numbers")
    won: bool = False
    field: dict[str, tuple[str, ...]] = Field({}, description="field of the deal → values; '*' is any value")
    tag: tuple[str, ...] = ()
    event: tuple[str, ...] = Field((), description="the provider's own events; see its README")
    amount: str | None = Field(None, description="field of the deal that holds the amount in major units")


class CrmCounts(Strict):
    presentation: Counts | None = None
    invoice: Counts | None = None
    payment: Counts | None = None


class SourceConfig(Strict):
    id: Identifier
    provider: str
    secrets: dict[str, EnvRef | tuple[EnvRef, ...]] = Field(
        {}, description="name → environment variable; a list while a secret is being rotated"
    )
    fields: Fields = Fields()
    timezone: str | None = None
    currency: str | None = None
    feeds: tuple[Feed, ...] = Field(
        ("calls",),
        description="default calls; of a provider that has no calls: what counts makes of it, else payments",
    )
    counts: CrmCounts = CrmCounts()
    map: Mapping | None = Field(None, description="provider mapped: how its bodies become facts; see docs/MAPPED.md")
    expect_every_s: float = Field(300, gt=0)
    rate_per_s: float = Field(200, gt=0)
    public_url: str | None = None
    options: dict[str, Any] = Field({}, description="provider's own switches; see its README")

    _zone = field_validator("timezone")(lambda cls, v: _known_zone(v))

    _fed = model_validator(mode="before")(lambda cls, value: fed(value))


class Trust(Strict):
    max_rejected_share: Share = 0.05


class Channel(Strict):
    id: Identifier
    kind: Literal["slack", "slack_webhook", "webhook", "console", "alertmanager", "telegram", "email", "apprise"]
    token: EnvRef | None = None
    signing_secret: EnvRef | None = None
    url: EnvRef | None = None
    signing: EnvRef | None = None
    sender: str | None = Field(None, description="e-mail: From; default the user of the mail server")
    channel: str | None = Field(None, description="default channel when neither route nor team names one")


class Match(Strict):
    kind: tuple[MessageKind, ...] = ()
    team: tuple[str, ...] = ()


class Route(Strict):
    match: Match = Match()
    to: tuple[str, ...]
    channel: str | None = None


class Head(Strict):
    name: str | None = None
    slack: str | None = None
    telegram: str | None = Field(None, description="chat id")
    email: str | None = None


class Ally(Strict):
    """Somebody who may act on alerts from a messenger, besides the head and the leads of teams."""

    name: str
    role: Literal["head", "lead"] = "lead"
    team: Identifier | None = Field(None, description="a lead acts only about this team, and about the whole floor")
    slack: str | None = None
    telegram: str | None = Field(None, description="user id")


class Person(Strict):
    """Somebody besides the agents, as pages and messages name them: a trainer, a lead, an account of the board."""

    id: str = Field(description="as the teams' trainer and lead, or the account, are written")
    name: str


class MaintenanceMatch(Strict):
    kind: Literal["outage", "efficiency", "data"] | None = None
    team: str | None = None
    scope: str | None = None
    detector: str | None = None


class Maintenance(Strict):
    """Work that is known beforehand: what it disturbs is not announced."""

    time: Span
    reason: str
    owner: str
    on: tuple[Date, ...] = Field((), description="these days only; default every day")
    weekdays: tuple[Weekday, ...] = ()
    match: MaintenanceMatch = MaintenanceMatch()

    @property
    def matcher(self) -> Matcher:
        return Matcher(**self.match.model_dump())


class Notify(Strict):
    channels: tuple[Channel, ...] = ()
    routes: tuple[Route, ...] = ()
    quiet_hours: Span | None = None
    repeat_s: float = 3600
    ack_within_s: float = 900
    head: Head = Head()
    budget: int | None = Field(3, ge=1, description="alerts delivered a day; null: as many as there are")
    lead_messages: int = Field(
        9,
        ge=3,
        description="messages a day to one lead, over all places; severe alerts beyond it are told in the thread of another",
    )
    severe_agents: int = Field(
        3, ge=1, description="an outage of half a team and of at least so many people is severe: always told"
    )
    again_s: float = Field(900, ge=0, description="the same fault again so soon after its end waits that long")
    maintenance: tuple[Maintenance, ...] = ()
    people: tuple[Ally, ...] = ()


class Board(Strict):
    order: Literal["need", "name"] = "need"
    hide_names: bool = False
    agents_see: Literal["own", "team", "all"] = Field(
        "own",
        description="whose names and numbers an account of the role agent sees beside the sums of teams and floor",
    )
    url: str | None = Field(None, description="public address of the board, for links in messages")


class Floor(Strict):
    """A floor, described once. Refers to itself by id only; times of day are the floor's local wall clock."""

    version: Literal[1] = 1
    floor: Identifier = "main"
    name: str | None = None
    timezone: str
    language: Literal["ru", "en"] = "en"
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")
    day: Day = Day()
    slices: tuple[Clock, ...] = (Time(11), Time(13, 30), Time(16), Time(18))
    grace_s: float = Field(180, ge=0)
    long_call_s: int = Field(600, gt=0)
    short_call_s: int = Field(30, gt=0)
    teams: tuple[Team, ...]
    agents: tuple[Agent, ...] = ()
    people: tuple[Person, ...] = ()
    norms: tuple[NormEntry, ...] = ()
    curves: dict[Step, CurveWeights] = Field(
        {},
        description="when a day's results come: step → start of a half hour of the local clock → pace in it against the"
        " day's mean; 1 where nothing is said",
    )
    review: Review = Review()
    plan: tuple[Plan, ...] = ()
    sources: tuple[SourceConfig, ...] = ()
    judgement: Judgement = Judgement()
    trust: Trust = Trust()
    coaching: Coaching = Coaching()
    record: Record = Record()
    forecast: Forecasting = Forecasting()
    gaming: Gaming = Gaming()
    outages: Outages = Outages()
    notify: Notify = Notify()
    quality: Quality = Quality()
    board: Board = Board()
    metrics_max_agents: int = Field(2000, ge=0)

    _zone = field_validator("timezone")(lambda cls, v: _known_zone(v))

    @field_validator("slices")
    @classmethod
    def _at_least_three(cls, value: tuple[Time, ...]) -> tuple[Time, ...]:
        if len(value) < 3:
            raise ValueError(f"a day needs at least three slices, {len(value)} given")
        if list(value) != sorted(set(value)):
            raise ValueError("slices must be in order and different")
        return value

    @property
    def title(self) -> str:
        return self.name or self.floor

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def agent_by_id(self) -> dict[str, Agent]:
        return {agent.id: agent for agent in self.agents}

    @cached_property
    def names(self) -> dict[str, str]:
        """Everybody whom the file names: agents, and people besides."""
        return {one.id: one.name for one in self.people} | {agent.id: agent.title for agent in self.agents}

    def called(self, id_: str) -> str:
        """The name of an agent, trainer, lead or account; one that the file does not name is called by the id."""
        return self.names.get(id_, id_)

    @cached_property
    def team_by_id(self) -> dict[str, Team]:
        return {team.id: team for team in self.teams}

    @cached_property
    def day_by_team(self) -> dict[str, Day]:
        """Of the teams that have a day of their own."""
        return {team.id: self.day.of_team(team.day) for team in self.teams if team.day is not None}

    @cached_property
    def source_by_id(self) -> dict[str, SourceConfig]:
        return {source.id: source for source in self.sources}

    @cached_property
    def agent_by_identity(self) -> dict[tuple[str, str], str]:
        """(source, identity) → agent."""
        return {
            (source, identity): agent.id
            for agent in self.agents
            for source, identities in agent.identities.items()
            for identity in identities
        }

    def long_call_of(self, team: str) -> int:
        found = self.team_by_id.get(team)
        return (found.long_call_s if found else None) or self.long_call_s

    def short_call_of(self, team: str) -> int:
        found = self.team_by_id.get(team)
        return (found.short_call_s if found else None) or self.short_call_s


def _known_zone(value: str | None) -> str | None:
    if value is not None:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}; use a name such as Europe/Moscow") from error
    return value
