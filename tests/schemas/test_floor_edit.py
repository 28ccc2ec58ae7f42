"""An identity is put into a floor file where it belongs, and nothing else of the file changes."""

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor import FloorError, load, parse
from schemas.floor.edit import give_identity

EXAMPLE = Path(__file__).parents[2] / "deploy" / "floor.example.yaml"
HEAD = """\
timezone: Europe/Moscow   # the wall clock
teams: [{id: a}]
sources: [{id: pbx, provider: mango}, {id: on, provider: generic}, {id: "7", provider: generic}]
agents:
"""


def changed(before: str, after: str) -> list[str]:
    """Lines taken out and put in."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("---", "+++")]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (
            "  - {id: x,  team: a}   # new\n",
            ["-  - {id: x,  team: a}   # new", '+  - {id: x,  team: a, identities: {pbx: ["214"]}}   # new'],
        ),
        (
            "  - {id: x, identities: {pbx: ['1', 2]}, team: a}\n",
            [
                "-  - {id: x, identities: {pbx: ['1', 2]}, team: a}",
                "+  - {id: x, identities: {pbx: ['1', 2, \"214\"]}, team: a}",
            ],
        ),
        (
            '  - {id: x, team: a, identities: {on: ["1"]}}\n',
            [
                '-  - {id: x, team: a, identities: {on: ["1"]}}',
                '+  - {id: x, team: a, identities: {on: ["1"], pbx: ["214"]}}',
            ],
        ),
        (
            "  - {id: x, team: a, identities: {}}\n",
            ["-  - {id: x, team: a, identities: {}}", '+  - {id: x, team: a, identities: {pbx: ["214"]}}'],
        ),
        (
            "  - {id: x, team: a, identities: {pbx: 213}}\n",
            ["-  - {id: x, team: a, identities: {pbx: 213}}", '+  - {id: x, team: a, identities: {pbx: [213, "214"]}}'],
        ),
        ("  - id: x   # he\n    team: a\n", ['+    identities: {pbx: ["214"]}']),
        (
            "  - id: x\n    team: a\n    identities:\n      pbx:\n        - '1'   # desk\n        # the next\n",
            ['+        - "214"'],
        ),
        ("  - id: x\n    team: a\n    identities:\n      on: [1]   # other\n\n", ['+      pbx: ["214"]']),
        ("  - id: x\n    team: a\n    identities:\n      pbx: []\n", ["-      pbx: []", '+      pbx: ["214"]']),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_place_changes(agent: str, expected: list[str], newline: str) -> None:
    """Whatever way the agent is written, comments, alignment and line ends stay."""
    before = f"{HEAD}{agent}  - {{id: y, team: a}}\n# the end\n".replace("\n", newline)
    after = give_identity(before, "x", "pbx", "214")
    assert changed(before, after) == expected
    assert after.count(newline) == after.count("\n")
    assert "214" in parse(after).agent_by_id["x"].identities["pbx"]


def test_what_is_there_already_changes_nothing() -> None:
    """The same text comes back, so that no version is made of it."""
    text = HEAD + "  - {id: x, team: a, identities: {pbx: [214]}}\n"
    assert give_identity(text, "x", "pbx", "214") is text


@pytest.mark.parametrize("source", ["on", "7"])
def test_names_that_yaml_would_read_otherwise(source: str) -> None:
    """Keys are quoted where they must be."""
    after = give_identity(HEAD + "  - {id: x, team: a}\n", "x", source, "5")
    assert parse(after).agent_by_id["x"].identities == {source: ("5",)}


def test_the_example_stays_as_it_is() -> None:
    """One line of the shipped example changes, within its braces."""
    before = EXAMPLE.read_text()
    after = give_identity(before, "ksenia", "fs-office", "1030")
    assert len(changed(before, after)) == 2
    assert '{mango-main: ["228"], amo: ["9001028"], fs-office: ["1030"]}' in after
    assert load(str(EXAMPLE)).agent_by_identity.get(("fs-office", "1030")) is None


@pytest.mark.parametrize(
    ("agents", "told"),
    [
        ("  - {id: y, team: a}\n", "no agent 'x'"),
        ("  - {id: y, team: a, identities: {pbx: [214]}}\n  - {id: x, team: a}\n", "belongs to"),
        (
            "  - &one {id: x, team: a, identities: &own {pbx: [1]}}\n  - {id: y, team: a, identities: *own}\n",
            "twice|belongs",
        ),
        ("  - &y {id: y, team: a, identities: {on: []}}\n  - {<<: *y, id: x}\n", "by hand"),
    ],
)
def test_what_cannot_be_written(agents: str, told: str) -> None:
    """Said in words; the file is never left wrong."""
    with pytest.raises(FloorError, match=told):
        give_identity(HEAD + agents, "x", "pbx", "214")


def test_an_unknown_source() -> None:
    """The floor file must have it."""
    with pytest.raises(FloorError, match="no source 'nowhere'"):
        give_identity(HEAD + "  - {id: x, team: a}\n", "x", "nowhere", "1")


@given(identity=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_any_identity_comes_back(identity: str) -> None:
    """Quotes, backslashes, colons, emoji: what was given is what the floor then says."""
    after = give_identity(HEAD + "  - {id: x, team: a, identities: {pbx: [1]}}\n", "x", "pbx", identity)
    assert set(parse(after).agent_by_id["x"].identities["pbx"]) == {"1", identity}
