"""Words of the stories: a small floor, and wall-clock times of one Monday."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from schemas.floor import Floor, parse
from services.rules.day import WorkingDay, working_day
from services.rules.spans import Spans
from services.rules.spans import at as unix

MONDAY = date(2026, 11, 23)
ZONE = "Europe/Moscow"


def instant(clock: str, on: date = MONDAY, zone: str = ZONE) -> datetime:
    """``"10:02"`` or ``"10:02:30"`` of that day, as an instant in UTC."""
    return datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone)).astimezone(UTC)


def spans(*written: str, on: date = MONDAY, zone: str = ZONE) -> Spans:
    """``"09:00-13:00"`` … as spans."""
    pairs = (one.split("-") for one in written)
    return tuple((unix(instant(start, on, zone)), unix(instant(end, on, zone))) for start, end in pairs)


AGENTS = "agents: [{id: ivan, team: hunters, role: caller}, {id: maria, team: hunters, role: caller}]"
NORMS = "norms: [{for: {floor: main}, per_day: {calls: 80, answered: 32, long_calls: 16, presentations: 8}}]"


def floor(
    agents: str = AGENTS,
    norms: str = NORMS,
    more: str = "",
    *,
    zone: str = ZONE,
    day: str = 'start: "09:00", end: "18:00", breaks: ["13:00-14:00"]',
    slices: str = '["11:00", "13:00", "16:00", "18:00"]',
    teams: str = "[{id: hunters}, {id: farmers}]",
) -> Floor:
    """Eight working hours: 2 to 11:00, 4 to 13:00, 6 to 16:00, 8 to 18:00."""
    return parse(f"timezone: {zone}\nday: {{{day}}}\nslices: {slices}\nteams: {teams}\n{agents}\n{norms}\n{more}\n")


def crew(size: int, team: str = "hunters") -> str:
    return "agents: [" + ", ".join(f"{{id: a{n}, team: {team}}}" for n in range(size)) + "]"


def monday(of: Floor) -> WorkingDay:
    return working_day(of, MONDAY)
