"""The floor file: what it means when it is good, and which line is named when it is not."""

import re
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from schemas.floor import Floor, FloorError, decoded, dump, load, parse

REPOSITORY = Path(__file__).parents[2]
OWN = REPOSITORY / "deploy" / "floor.example.yaml"
SHARED = REPOSITORY.parent / "shared" / "floor.example.yaml"


def paths(node: Any, above: str = "") -> set[str]:
    """Every key of a YAML tree, dotted; items of lists are ``*``."""
    if isinstance(node, dict):
        return {f"{above}{key}" for key in node} | {
            p for key, value in node.items() for p in paths(value, f"{above}{key}.")
        }
    if isinstance(node, list):
        return {path for item in node for path in paths(item, f"{above}*.")}
    return set()


def test_a_file_that_is_not_utf_8_is_refused_with_its_line() -> None:
    """Names of a file saved as Windows-1251 would stand on every page as question marks."""
    text = "timezone: Europe/Moscow\nname: Отдел\nteams: [{id: a}]\n"
    assert decoded(b"\xef\xbb\xbf" + text.encode()) == text
    with pytest.raises(FloorError, match=r"^line 2: this file is not UTF-8"):
        decoded(text.encode("cp1251"))


def test_the_shared_example_loads_as_it_stands() -> None:
    """Every value that it writes is the value that is read."""
    if not SHARED.is_file():
        pytest.skip(f"no {SHARED.parent.name}/{SHARED.name} beside the repository")
    floor = load(str(SHARED))
    written = YAML(typ="safe", pure=True).load(SHARED.read_text(encoding="utf-8"))
    read = floor.model_dump(mode="python", by_alias=True)
    lost = {
        path for path in paths(written) if not path.startswith(("agents.*.identities.", "sources.*.secrets."))
    } - paths(_plain(read))
    assert lost == set()
    assert (floor.floor, floor.timezone, floor.language, floor.currency) == ("main", "Europe/Moscow", "ru", "RUB")
    assert (floor.day.start, floor.day.end, floor.day.breaks) == (time(9), time(18), ((time(13), time(14)),))
    assert floor.slices == (time(11), time(13), time(16), time(18))
    assert floor.agent_by_identity[("bitrix", "18")] == "maria"
    assert floor.agent_by_id["maria"].since == date(2026, 11, 2)
    petr = floor.agent_by_id["petr"].shifts
    assert petr is not None
    assert (petr[0].weekdays, petr[0].start, petr[0].end) == (("mon", "wed", "fri"), time(10), time(15))
    assert floor.norms[1].per_day["payments"] == 0.5
    assert floor.plan[0].payments_minor == 1_200_000_000
    assert floor.source_by_id["amo"].counts.payment is not None
    assert floor.outages.line_failure.p == 1e-4
    assert floor.notify.quiet_hours == (time(20), time(8, 30))
    assert floor.judgement.fdr is not None


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    return [_plain(value) for value in node] if isinstance(node, list | tuple) else node


def test_defaults_are_the_documented_ones() -> None:
    """A floor of a zone and a team is a floor."""
    floor = parse("timezone: Europe/Berlin\nteams: [{id: one}]")
    assert (floor.version, floor.floor, floor.language, floor.currency, floor.grace_s) == (1, "main", "en", "USD", 180)
    assert floor.slices == (time(11), time(13, 30), time(16), time(18))
    assert (floor.long_call_s, floor.short_call_s, floor.metrics_max_agents) == (600, 30, 2000)
    by = floor.judgement
    assert (by.prior_cv, by.min_expected, by.overdispersion, by.task_budget_share) == (0.4, 3, 1.3, 0.2)
    assert (by.soft.below, by.soft.probability, by.soft.probability_many, by.soft.min_shortfall) == (0.9, 0.75, 0.85, 1)
    assert (by.hard.below, by.hard.probability, by.fdr and by.fdr.hard, by.leave_probability) == (0.8, 0.9, 0.05, 0.5)
    assert (by.team.prior_cv, by.team.probability, by.team.min_agents) == (0.15, 0.9, 4)
    checks = by.verification
    assert (checks.done_probability, checks.not_done_probability, checks.invalid_technical_share) == (0.6, 0.75, 0.25)
    assert checks.recheck_days == 5
    assert floor.trust.max_rejected_share == 0.05


@pytest.mark.parametrize(
    ("source", "feeds"),
    [
        ("provider: mango", ("calls",)),
        ("provider: bitrix24", ("calls",)),
        ("provider: unheard-of", ("calls",)),
        ("provider: stripe", ("invoices", "payments")),
        ("provider: amocrm", ("payments",)),
        (
            "provider: hubspot, counts: {presentation: {stage: [a]}, payment: {won: true}}",
            ("presentations", "payments"),
        ),
        ("provider: amocrm, feeds: [invoices]", ("invoices",)),
        ("provider: ../providers/mango", ("calls",)),
    ],
)
def test_what_a_source_feeds_when_nobody_says_so(source: str, feeds: tuple[str, ...]) -> None:
    """A CRM brings what it counts, never calls: else its silence would take the calls' trust away."""
    floor = parse(f"version: 1\nfloor: f\ntimezone: UTC\nteams: [{{id: t}}]\nsources: [{{id: s, {source}}}]\n")
    assert floor.source_by_id["s"].feeds == feeds


def test_limits_can_be_switched_off() -> None:
    """``null`` is not the default."""
    by = parse("timezone: UTC\nteams: [{id: a}]\njudgement: {fdr: null, task_budget_share: null}").judgement
    assert (by.fdr, by.task_budget_share) == (None, None)


@pytest.mark.parametrize("file", [OWN, SHARED], ids=["own", "shared"])
def test_what_is_written_back_is_the_same_floor(file: Path) -> None:
    """dump → parse gives an equal floor, and a second dump the same text."""
    if not file.is_file():
        pytest.skip(f"no {file.parent.name}/{file.name} beside the repository")
    floor = load(str(file))
    assert parse(dump(floor)) == floor
    assert dump(parse(dump(floor))) == dump(floor)


CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(
    st.lists(CLOCKS, min_size=3, max_size=6, unique=True).map(sorted),
    st.floats(0, 1000, allow_nan=False),
    st.text("abc1234567890_.@-", min_size=1, max_size=20),
    st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()),
)
def test_any_floor_comes_back(slices: list[time], norm: float, agent: str, name: str) -> None:
    """Times, numbers that look like words, words that look like numbers, names in any script."""
    floor = Floor.model_validate(
        {
            "timezone": "Europe/Moscow",
            "slices": slices,
            "teams": [{"id": "t", "name": name}],
            "agents": [{"id": agent, "team": "t", "identities": {"s": ["007", "1e5", "on"]}}],
            "sources": [{"id": "s", "provider": "generic"}],
            "norms": [{"for": {"agent": agent}, "per_day": {"calls": norm}}],
        }
    )
    assert parse(dump(floor)) == floor


GOOD = """\
timezone: Europe/Moscow
day: {start: "09:00", end: "18:00"}
slices:
  - "11:00"
  - "13:00"
  - "16:00"
teams:
  - id: hunters
  - id: farmers
agents:
  - id: ivan
    team: hunters
    role: caller
    identities:
      mango: ["222"]
  - id: maria
    team: farmers
norms:
  - for: {team: hunters}
    per_day: {calls: 80}
sources:
  - id: mango
    provider: mango
notify:
  channels:
    - {id: slack, kind: slack}
  routes:
    - to: [slack]
"""

BAD: list[tuple[str, str, int, str]] = [
    ("timezone: Europe/Moscow", "timezone: Europe/Moskow", 1, "timezone: unknown time zone 'Europe/Moskow'"),
    ("timezone: Europe/Moscow", "timzone: Europe/Moscow", 1, "timzone: unknown key; did you mean 'timezone'?"),
    ("timezone: Europe/Moscow\n", "version: 2\ntimezone: Europe/Moscow\n", 1, "version: Input should be 1"),
    ('{start: "09:00", end: "18:00"}', '{start: "18:00", end: "09:00"}', 2, "day: day.start must be before day.end"),
    ('{start: "09:00", end: "18:00"}', '{start: "9 o\'clock", end: "18:00"}', 2, "is not a time of day such as"),
    ('{start: "09:00", end: "18:00"}', "{start: 900, end: 1800}", 2, "day.start: a time of day is written in quotes"),
    ('{start: "09:00", end: "18:00"}', '{breaks: ["13:00"]}', 2, "day.breaks.0: '13:00' is not a span"),
    ('{start: "09:00", end: "18:00"}', '{breaks: ["14:00-13:00"]}', 2, "day: a break must start before it ends"),
    ('{start: "09:00", end: "18:00"}', "{weekdays: [monday]}", 2, "day.weekdays.0: Input should be 'mon'"),
    ('  - "16:00"\n', "", 3, "slices: a day needs at least three slices, 2 given"),
    ('  - "16:00"\n', '  - "12:00"\n', 3, "slices: slices must be in order and different"),
    ('  - "16:00"\n', '  - "25:00"\n', 6, "slices.2: '25:00' is not a time of day"),
    ("  - id: farmers\n", "  - id: hunters\n", 9, "teams.1.id: 'hunters' is used twice"),
    ("  - id: farmers\n", "  - id: far mers\n", 9, "teams.1.id: String should match pattern"),
    (
        "    team: hunters\n    role",
        "    team: hunter\n    role",
        12,
        "agents.0.team: no team 'hunter'; did you mean 'hunters'?",
    ),
    ("    role: caller\n", "    rol: caller\n", 13, "agents.0.rol: unknown key; did you mean 'role'?"),
    ('      mango: ["222"]', '      mangoo: ["222"]', 15, "no source 'mangoo'; did you mean 'mango'?"),
    (
        "    team: farmers\n",
        '    team: farmers\n    identities: {mango: ["222"]}\n',
        18,
        "'222' belongs to 'ivan' already",
    ),
    ("  - id: maria\n", "  - id: ivan\n", 16, "agents.1.id: 'ivan' is used twice"),
    ("    team: farmers\n", "", 16, "agents.1.team: is missing"),
    ("    team: farmers\n", "    team: farmers\n    since: yesterday\n", 18, "agents.1.since: "),
    (
        "    team: farmers\n",
        '    team: farmers\n    shifts: [{start: "15:00", end: "10:00"}]\n',
        18,
        "agents.1.shifts.0: a shift must start before it ends",
    ),
    ("for: {team: hunters}", "for: {team: huntres}", 19, "norms.0.for: no team 'huntres'; did you mean 'hunters'?"),
    ("for: {team: hunters}", "for: {role: closer}", 19, "norms.0.for: no role 'closer'"),
    ("for: {team: hunters}", "for: {team: hunters, agent: ivan}", 19, "norms.0.for: give exactly one of"),
    ("for: {team: hunters}", "for: {}", 19, "norms.0.for: give exactly one of"),
    ("{calls: 80}", "{coffees: 80}", 20, "norms.0.per_day.coffees"),
    ("{calls: 80}", "{calls: -1}", 20, "norms.0.per_day.calls: Input should be greater than or equal to 0"),
    ("{calls: 80}", "{calls: many}", 20, "norms.0.per_day.calls: Input should be a valid number"),
    (
        "    per_day: {calls: 80}\n",
        "    per_day: {calls: 80}\n  - for: {team: hunters}\n    per_day: {calls: 90}\n",
        22,
        "calls is given twice for the same segment and day (see norms.0)",
    ),
    (
        "    per_day: {calls: 80}\n",
        "    per_day: {calls: 80}\n    reference: {calls: 99}\n"
        "  - for: {team: hunters}\n    per_day: {}\n    reference: {calls: 98}\n",
        24,
        "norms.1.reference.calls: calls is given twice",
    ),
    ("    provider: mango\n", "    provider: mango\n    secrets: {api_key: abc}\n", 24, "sources.0.secrets.api_key"),
    (
        "    provider: mango\n",
        "    provider: mango\n    feeds: [coffee]\n",
        24,
        "sources.0.feeds.0: Input should be 'calls'",
    ),
    (
        "    provider: mango\n",
        "    provider: mango\n    timezone: Moscow\n",
        24,
        "sources.0.timezone: unknown time zone",
    ),
    ("    provider: mango\n", "    provider: mango\n    expect_every_s: 0\n", 24, "greater than 0"),
    ("kind: slack}", "kind: pigeon}", 26, "notify.channels.0.kind: Input should be 'slack'"),
    ("    - to: [slack]", "    - to: [slak]", 28, "notify.routes.0.to: no channel 'slak'; did you mean 'slack'?"),
    (
        "    - to: [slack]",
        "    - match: {kind: [outrage]}\n      to: [slack]",
        28,
        "notify.routes.0.match.kind.0: Input should be",
    ),
    ("    - to: [slack]\n", "    - to: [slack]\njudgement: {overdispersion: 0.5}\n", 29, "greater than or equal to 1"),
    ("    - to: [slack]\n", "    - to: [slack]\njudgement: {soft: {belov: 0.9}}\n", 29, "did you mean 'below'?"),
    ("    - to: [slack]\n", "    - to: [slack]\ncurrency: rubles\n", 29, "currency: String should match pattern"),
    ("    - to: [slack]\n", "    - to: [slack]\nslices: []\n", 29, "slices"),
    ("  - id: hunters\n", "  - id: [\n", 9, ""),
]


@pytest.mark.parametrize(("old", "new", "line", "what"), BAD, ids=[f"{n:02}" for n in range(len(BAD))])
def test_a_bad_floor_is_told_by_line(old: str, new: str, line: int, what: str) -> None:
    """One change in a good file: the error names its line and says what to do."""
    assert GOOD.count(old) == 1
    with pytest.raises(FloorError) as refused:
        parse(GOOD.replace(old, new))
    assert [problem.line for problem in refused.value.problems][:1] == [line], str(refused.value)
    assert what in str(refused.value)
    assert re.match(r"line \d+: ", str(refused.value))


def test_the_good_floor_is_good() -> None:
    """What all the bad ones are a change of."""
    assert len(parse(GOOD).agents) == 2


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    """Three mistakes, three lines."""
    bad = GOOD.replace("role: caller", "rol: caller").replace("kind: slack}", "kind: pigeon}").replace("18:00", "8pm")
    with pytest.raises(FloorError) as refused:
        parse(bad)
    assert [problem.line for problem in refused.value.problems] == [2, 13, 26]


def test_references_are_looked_at_beside_a_wrong_field() -> None:
    """A bad time zone does not hide an unknown team and an unknown provider."""
    text = """timezone: Mars/Olympus
teams: [{id: hunters}]
agents: [{id: ivan, team: huntrs}]
sources: [{id: pbx, provider: asterix, secrets: {path: {env: X}}}]
"""
    with pytest.raises(FloorError) as refused:
        parse(text, {"asterisk"})
    assert [(problem.line, problem.path) for problem in refused.value.problems] == [
        (1, "timezone"), (3, "agents.0.team"), (4, "sources.0.provider"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"), [("kind: slack}", "kind: pigeon}"), ("role: caller", "role: [caller]")], ids=["channel", "role"]
)
def test_what_others_refer_to_is_one_problem(old: str, new: str) -> None:
    """A broken channel or role is told once; who refers to it is not blamed."""
    with pytest.raises(FloorError) as refused:
        parse(GOOD.replace(old, new))
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "null", "42"])
def test_what_is_no_mapping_is_no_floor(text: str) -> None:
    """An empty file, a list, a word."""
    with pytest.raises(FloorError, match="line 1: a floor file is a mapping"):
        parse(text)


@given(st.text(max_size=80))
def test_any_text_is_a_floor_or_a_floor_error(text: str) -> None:
    """Whatever is typed into the file, nothing else is raised."""
    problems = None
    try:
        parse(text)
    except FloorError as error:
        problems = error.problems
    assert problems, "no team, so no floor"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    file = tmp_path / "floor.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(str(file)) == parse(GOOD)


def test_an_unknown_calendar_or_provider_is_told() -> None:
    """Neither may be found out at midnight, or by webhooks that are refused."""
    text = "timezone: UTC\nday: {holidays: XX}\nteams: [{id: a}]\n"
    with pytest.raises(FloorError, match=r"line 2: day\.holidays: no holiday calendar 'XX'"):
        parse(text)
    text = "timezone: UTC\nteams: [{id: a}]\nsources:\n  - {id: s, provider: freeswich}\n"
    assert parse(text).sources[0].provider == "freeswich"
    with pytest.raises(
        FloorError, match=r"line 4: sources\.0\.provider: no provider 'freeswich'; did you mean 'freeswitch'"
    ):
        parse(text, {"mango", "freeswitch"})
