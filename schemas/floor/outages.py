"""What counts as an outage, and by which limits (DOMAIN §8). Windows are whole bins of five minutes."""

from pydantic import Field

from schemas.floor.strict import Share, Strict


class LineFailure(Strict):
    window_attempts: tuple[int, int] = (20, 100)
    window_s: float = Field(300, gt=0)
    thin_s: float = Field(
        1800,
        gt=0,
        description="a line with fewer attempts than the least in window_s is judged by its newest of so long",
    )
    p: float = Field(1e-4, gt=0, lt=1)
    looks: int = Field(
        100,
        ge=1,
        description="so many windows a day has, which share p: a busy line would be told for nothing each month",
    )
    min_failures: int = Field(5, ge=1)
    in_a_row: int = Field(4, ge=2)
    base: Share = 0.03
    base_attempts: int = 200
    recover_s: float = Field(600, gt=0)
    leave_p: float = Field(
        0.1, gt=0, le=1, description="failures while it recovers that a line in order brings this often are no relapse"
    )


class SourceSilence(Strict):
    min_expected: float = Field(10, gt=0)
    profile_days: int = Field(5, ge=1, description="from so many days on what is usual bends what norms expect")
    lean_on: float = Field(20, gt=0, description="so many expected facts a wider time weighs beside its own")
    leave_early_s: float = Field(
        600,
        ge=0,
        description="until it is known what is usual, so long before a break or the end of a shift nothing is due",
    )
    back_s: float = Field(
        300,
        ge=0,
        description="the silence of a source of calls is told as over when its calls have come for so long again",
    )
    pace_lean: float = Field(10, gt=0, description="so many facts a day is believed to bring as usual, until it shows")


class CauseTable(Strict):
    """Which SIP statuses and Q.850 causes mean whose problem (DOMAIN §8)."""

    network_sip: tuple[int, ...] = (403, 408, 488, 500, 502, 503, 504)
    network_q850: tuple[int, ...] = (27, 34, 38, 41, 42, 47, 57, 58, 65, 102, 127)
    person_sip: tuple[int, ...] = (480, 486, 487, 603)
    person_q850: tuple[int, ...] = (17, 18, 19, 20, 21)
    list_sip: tuple[int, ...] = (404, 410, 484)
    list_q850: tuple[int, ...] = (1, 22, 28)


class Baselines(Strict):
    """What is usual on a path at an hour of the week; thin hours lean on wider ones (ADR 0025)."""

    days: int = Field(28, ge=7)
    lean_on: float = Field(200, gt=0, description="so many attempts the wider group weighs beside an hour's own")
    min_attempts: int = Field(300, ge=1, description="a path with fewer has no history of its own")
    answered: Share = Field(0.25, description="before any history; then paths are held against each other only")
    stuck: Share = 0.01
    bad: Share = Field(0.03, description="of attempts: numbers that are none")
    short: Share = 0.30
    ring_p95_s: float = Field(40, gt=0)
    spread: float = Field(0.01, gt=0, lt=1, description="correlation of answers within an hour, until learned")


class NoProgress(Strict):
    """Attempts that never rang, or took twice as long to be answered."""

    bins: int = Field(3, ge=1)
    p: float = Field(1e-3, gt=0, lt=1)
    slower: float = Field(2, gt=1)
    min_attempts: int = Field(20, ge=1)
    min_answered: int = Field(6, ge=1, description="so many answers at least for a slow line")
    leave_bins: int = Field(3, ge=1)
    stuck_sip: tuple[int, ...] = (408,)
    stuck_q850: tuple[int, ...] = (102,)


class AnswerRate(Strict):
    """Answers of a line, a number or a campaign against its own hour of the week."""

    bins: tuple[int, int] = Field((6, 12), description="from half an hour to an hour")
    p: float = Field(1e-3, gt=0, lt=1)
    min_attempts: int = Field(60, ge=1)
    below: Share = Field(0.7, description="of what is expected: smaller drops are left to the slices")
    rest_attempts: int = Field(60, ge=1)
    rest_bins: int = Field(12, ge=1, description="over so many bins the rest of the floor says how this hour is")
    rest_lean: float = Field(10, gt=0, description="so many expected answers the rest is believed to have as usual")
    teams_share: Share = Field(0.25, description="of a team's calls: what it is answered less over explains it")


class BadNumbers(Strict):
    """Numbers of a campaign that are none, by the codes of the list (``causes.list_sip``, ``causes.list_q850``)."""

    bins: int = Field(2, ge=1)
    thin_bins: int = Field(6, ge=1, description="a campaign with few attempts is looked at over so many bins at most")
    p: float = Field(1e-4, gt=0, lt=1)
    min_attempts: int = Field(20, ge=1)
    min_bad: int = Field(5, ge=1)
    above: float = Field(3, ge=1, description="times the usual share")
    more: Share = Field(0.1, description="and by so much of all attempts: lists differ")


class ShortCalls(Strict):
    """Answered calls that end at once: one-way audio, of many on a line or of one workplace."""

    bins: int = Field(3, ge=1)
    p: float = Field(1e-3, gt=0, lt=1)
    min_answered: int = Field(20, ge=1)
    min_agents: int = Field(3, ge=2)
    thin_bins: int = Field(9, ge=1, description="a line with few answers is looked at over so many bins at most")
    above: float = Field(1.7, ge=1, description="times the usual share: smaller rises are left to the slices")
    agent_bins: int = Field(24, ge=1)
    agent_p: float = Field(1e-4, gt=0, lt=1)
    agent_answered: int = Field(6, ge=2)


class CrmSilence(Strict):
    min_expected: float = Field(10, gt=0)
    lag_s: float = Field(1800, gt=0, description="from an answered call to its mark, until learned")
    min_marks: int = Field(50, ge=1, description="so many marks in the history, else only sources are watched")


class EfficiencyDrop(Strict):
    """Results of a team or the floor in half-hours against the hour of the week."""

    bins: int = Field(6, ge=1)
    p: float = Field(0.01, gt=0, lt=1)
    below: Share = 0.7
    min_expected: float = Field(20, gt=0)
    overdispersion: float = Field(2, ge=1, description="until learned")
    min_days: int = Field(5, ge=1)


class Outages(Strict):
    line_failure: LineFailure = LineFailure()
    source_silence: SourceSilence = SourceSilence()
    baselines: Baselines = Baselines()
    no_progress: NoProgress = NoProgress()
    bad_numbers: BadNumbers = BadNumbers()
    answer_rate: AnswerRate = AnswerRate()
    short_calls: ShortCalls = ShortCalls()
    crm_silence: CrmSilence = CrmSilence()
    efficiency: EfficiencyDrop = EfficiencyDrop()
    causes: CauseTable = CauseTable()
