"""Reads a floor file and says what is wrong with it, line by line.

FloorError (a ValueError) carries every Problem at once; its text is one ``line N: path: what`` per problem.
"""

import difflib
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.floor.days import WEEKDAYS
from schemas.floor.model import Floor
from schemas.floor.quality import Form, quality_problems

Where = tuple[str | int, ...]
"""Path of a field: names and places."""


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    path: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.what}" if self.path else f"line {self.line}: {self.what}"


class FloorError(ValueError):
    """The floor file cannot be used; ``problems`` says why, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def load(path: str) -> Floor:
    """Raises: FloorError, OSError."""
    with open(path, "rb") as file:
        return parse(decoded(file.read()))


def decoded(raw: bytes) -> str:
    """The text of a floor file, which is UTF-8, with a mark at its beginning or without. Raises: FloorError."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FloorError([Problem(line, "", "this file is not UTF-8 (Windows-1251?): save it as UTF-8")]) from error


def parse(text: str, providers: Collection[str] | None = None) -> Floor:
    """The floor of a text; with *providers*, every source's provider must be one of them. Raises: FloorError."""
    tree = _tree(text)
    try:
        floor = Floor.model_validate(_plain(tree))
    except ValidationError as error:
        problems = [_problem(tree, detail) for detail in error.errors()]
        rest = _without(tree, [detail["loc"] for detail in error.errors()])
        raise FloorError(problems + (_checked(tree, rest, providers) if rest else [])) from error
    if problems := _checked(tree, floor, providers):
        raise FloorError(problems)
    return floor


def located(text: str) -> tuple[Floor, Callable[[Where], tuple[int, str]]]:
    """The floor of a text, and where a path stands in it: (line, dotted path). Raises: FloorError."""
    tree = _tree(text)
    return parse(text), lambda where: (_line(tree, where), _dotted(where))


def _checked(tree: Any, floor: Floor, providers: Collection[str] | None) -> list[Problem]:
    return [Problem(_line(tree, where), _dotted(where), what) for where, what in check(floor, providers)]


NAMED = {"teams", "agents", "sources", "notify", "channels", "role"}
PAIRED = {"map", "secrets"}
"""Without these every reference to what stands in them would look wrong."""


def _without(tree: Any, wrong: list[tuple[str | int, ...]]) -> Floor | None:
    """The floor without the fields that are wrong, so that references can be looked at as well; None when it is none then."""
    plain = _plain(tree)
    for where in wrong:
        if not _dropped(plain, where):
            return None
    try:
        return Floor.model_validate({"timezone": "UTC", **plain})
    except ValidationError:
        return None


def _dropped(plain: dict[str, Any], where: tuple[str | int, ...]) -> bool:
    """Take the deepest named field on the path away; places in lists stay, for they lead to the line."""
    node: Any = plain
    holder, name = plain, ""
    for part in where:
        if isinstance(node, dict) and part in node:
            holder, name = node, str(part)
        elif not (isinstance(node, list) and isinstance(part, int) and part < len(node)):
            break
        node = node[part]
    if not name or name in NAMED or PAIRED & set(where):
        return False
    holder.pop(name, None)
    return True


def dump(floor: Floor) -> str:
    """The floor as YAML, defaults left out."""
    return _text(floor.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def card(form: Form, id_: str) -> str:
    """The block ``quality`` of a floor file with *form* as a floor's own of that id; its numbers stand in it, to be changed."""
    told = form.model_dump(mode="json", exclude_defaults=True)
    own = {**told, "id": id_, "critical_cap": form.critical_cap, "zones": form.zones.model_dump(mode="json")}
    return _text({"quality": {"card": id_, "forms": [own]}})


def _text(value: Any) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    out = io.StringIO()
    yaml.dump(_plain(value), out)
    return out.getvalue()


def check(floor: Floor, providers: Collection[str] | None = None) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What no single field can tell: references, doubles, ties. Yields (path, what)."""
    yield from _doubles(floor)
    yield from _references(floor)
    yield from _ties(floor)
    yield from _days(floor)
    yield from _maps(floor)
    yield from quality_problems(floor.quality, floor.team_by_id)
    if providers is not None:
        yield from _providers(floor, set(providers))


def _providers(floor: Floor, known: set[str]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for at, source in enumerate(floor.sources):
        if source.provider not in known:
            hint = _nearest(source.provider, known) or f"; known are {', '.join(sorted(known))}"
            yield ("sources", at, "provider"), f"no provider {source.provider!r}{hint}"


def _maps(floor: Floor) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for at, source in enumerate(floor.sources):
        if source.provider == "mapped" and source.map is None:
            yield ("sources", at, "provider"), "provider mapped needs map, which says what stands where"
        if source.provider != "mapped" and source.map is not None:
            yield ("sources", at, "map"), f"only provider mapped has a map; this one is {source.provider!r}"
        if source.map is not None and source.map.signature is not None and "signing" not in source.secrets:
            yield ("sources", at, "map", "signature"), "needs secrets.signing, its key"
        if source.map is not None and source.map.signature is None and "signing" in source.secrets:
            yield ("sources", at, "secrets", "signing"), "needs map.signature, which says where it stands"


def _doubles(floor: Floor) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name in ("teams", "agents", "people", "sources"):
        seen: set[str] = set()
        for at, item in enumerate(getattr(floor, name)):
            if item.id in seen:
                yield (name, at, "id"), f"{item.id!r} is used twice"
            seen.add(item.id)
    learned: set[tuple[str, str]] = set()
    for at, one in enumerate(floor.judgement.learned):
        if (one.for_.team, one.step) in learned:
            yield ("judgement", "learned", at, "step"), f"{one.step} of team {one.for_.team!r} is given twice"
        learned.add((one.for_.team, one.step))
    owners: dict[tuple[str, str], str] = {}
    for at, agent in enumerate(floor.agents):
        for source, identities in agent.identities.items():
            for identity in identities:
                owner = owners.setdefault((source, identity), agent.id)
                if owner != agent.id:
                    yield ("agents", at, "identities", source), f"{identity!r} belongs to {owner!r} already"


def _references(floor: Floor) -> Iterator[tuple[tuple[str | int, ...], str]]:
    teams, sources = set(floor.team_by_id), set(floor.source_by_id)
    roles = {agent.role for agent in floor.agents if agent.role}
    for at, agent in enumerate(floor.agents):
        if agent.team not in teams:
            yield ("agents", at, "team"), f"no team {agent.team!r}{_nearest(agent.team, teams)}"
        for source in agent.identities:
            if source not in sources:
                yield ("agents", at, "identities", source), f"no source {source!r}{_nearest(source, sources)}"
    known = {"agent": set(floor.agent_by_id), "role": roles, "team": teams, "floor": {floor.floor}}
    for block in ("norms", "plan"):
        for at, entry in enumerate(getattr(floor, block)):
            for kind, names in known.items():
                value = getattr(entry.for_, kind)
                if value is not None and value not in names:
                    yield (block, at, "for"), f"no {kind} {value!r}{_nearest(value, names)}"
    for at, learned in enumerate(floor.judgement.learned):
        if learned.for_.team not in teams:
            what = f"no team {learned.for_.team!r}{_nearest(learned.for_.team, teams)}"
            yield ("judgement", "learned", at, "for", "team"), what
    channels = {channel.id for channel in floor.notify.channels}
    for at, route in enumerate(floor.notify.routes):
        for channel in route.to:
            if channel not in channels:
                yield ("notify", "routes", at, "to"), f"no channel {channel!r}{_nearest(channel, channels)}"


def _ties(floor: Floor) -> Iterator[tuple[tuple[str | int, ...], str]]:
    seen: dict[tuple[object, ...], int] = {}
    for at, entry in enumerate(floor.norms):
        segment = tuple(entry.for_.model_dump().items())
        for line, step in [("per_day", step) for step in entry.per_day] + [("reference", s) for s in entry.reference]:
            for weekday in dict.fromkeys(entry.weekdays or WEEKDAYS):
                key = (segment, line, step, bool(entry.weekdays), weekday)
                if key in seen:
                    what = f"{step} is given twice for the same segment and day (see norms.{seen[key]})"
                    yield ("norms", at, line, step), what
                    break
                seen[key] = at


def _days(floor: Floor) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for at, team in enumerate(floor.teams):
        if team.day is not None and not (day := floor.day_by_team[team.id]).ordered:
            yield (
                ("teams", at, "day"),
                f"starts at {day.start:%H:%M} and ends at {day.end:%H:%M}; what is left out is the floor's",
            )


def _tree(text: str) -> Any:
    yaml = YAML(typ="rt")
    try:
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FloorError([Problem(mark.line + 1 if mark else 1, "", str(error.problem or error.context))]) from error
    except YAMLError as error:
        raise FloorError([Problem(1, "", str(error))]) from error
    if not isinstance(tree, dict):
        raise FloorError([Problem(1, "", "a floor file is a mapping; start from deploy/floor.example.yaml")])
    return tree


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node


def _problem(tree: Any, detail: Any) -> Problem:
    where = tuple(part for part in detail["loc"] if not (isinstance(part, str) and ("[" in part or part == "EnvRef")))
    what = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        what = f"unknown key{_nearest(str(where[-1]), _keys_at(where[:-1]))}"
    elif detail["type"] == "missing":
        what = "is missing"
    return Problem(_line(tree, where), _dotted(where), what)


def _keys_at(where: tuple[str | int, ...]) -> set[str]:
    """Names allowed at *where*, found by walking the models."""
    model: Any = Floor
    for part in where:
        if isinstance(part, int) or model is None:
            continue
        field = next((f for n, f in model.model_fields.items() if part in (n, f.alias)), None)
        model = _model_of(field.annotation) if field else None
    return {field.alias or name for name, field in model.model_fields.items()} if model else set()


def _model_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in getattr(annotation, "__args__", ()) if (found := _model_of(arg))), None)


def _line(tree: Any, where: tuple[str | int, ...]) -> int:
    """1-based line of the deepest node on the path that exists."""
    line = 1
    node: Any = tree
    for part in where:
        try:
            marks: Any = node.lc
            line = (marks.key(part) if isinstance(node, dict) else marks.item(part))[0] + 1
            node = node[part]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line


def _dotted(where: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in where)


def _nearest(name: str, known: set[str]) -> str:
    found = difflib.get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
