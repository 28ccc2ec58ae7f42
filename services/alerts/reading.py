"""What whoever leads a team is sent in a day besides alerts: what is left is for those."""

from collections import Counter
from datetime import date as Date
from datetime import timedelta

from schemas.floor import Floor
from schemas.floor.model import Team
from services.alerts import routing
from services.alerts.notifiers import ABILITIES
from services.rules.alerting.places import places
from services.rules.day import team_day


def planned(floor: Floor, date: Date) -> int:
    """Messages of *date* that are not alerts, to the lead who gets most of them: a slice of each team they lead, and the
    report where it does not go to the head alone."""
    staffed = {agent.team for agent in floor.agents}
    of_lead: Counter[str] = Counter()
    for team in floor.teams:
        if team.id in staffed:
            of_lead[_who(team)] += len(team_day(floor, date, team.id).cut_offs)
    most = max(of_lead.values(), default=0)
    return most + _report_is_read(floor) if most else 0


def crowded(floor: Floor, date: Date) -> tuple[int, int] | None:
    """(messages that are not alerts, the most that a lead may get with alerts) on the fullest of the seven days from *date*
    on, when that is more than ``notify.lead_messages``: severe alerts always have their places. None: the bound holds."""
    most = max(planned(floor, date + timedelta(days=ahead)) for ahead in range(7))
    whole = most + (places(floor, most) or 0)
    return (most, whole) if floor.notify.budget is not None and whole > floor.notify.lead_messages else None


def _who(team: Team) -> str:
    """The same person may lead several teams."""
    return team.slack.lead or team.telegram.chat or team.email or f"team:{team.id}"


def _report_is_read(floor: Floor) -> bool:
    head = {floor.notify.head.slack, floor.notify.head.telegram, floor.notify.head.email}
    return any(
        lane.target not in head and not ABILITIES[lane.channel.kind].repeats
        for lane in routing.lanes(floor, "report", None)
    )
