"""Alerts: the page and ``/api/v1/alerts``."""

from fastapi import APIRouter, Request, Response

from schemas.rows import AlertRow
from services.board.storage import alert_acts, alerts
from services.board.view.saying import from_to, say, scope
from services.board.web import filters
from services.board.web.asking import may_alert
from services.board.web.board import Board, listing, localized
from services.board.web.documented import answer
from services.reads import technical


def routes(board: Board) -> APIRouter:
    router = APIRouter()

    @router.get("/alerts", include_in_schema=False)
    async def page(request: Request, date: filters.Day = None) -> Response:
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            found = await alerts.find(connection, day=day.date, open_too=date is None)
            affected = await technical.affected(connection, day.starts, day.ends)
            precise = await alert_acts.precision(connection, board.clock.now())
            undelivered = await alert_acts.undelivered(connection)
            silences = await alert_acts.silences(connection, board.clock.now())
        w = board.words(request, floor)
        said = [say(alert, floor, w, affected.get(alert.row.alert, 0)) for alert in found]
        return board.render(
            request,
            "alerts.html",
            w,
            floor=floor,
            day=day,
            now=board.clock.now(),
            may_act=may_alert(board, request),
            precise=precise,
            silences=silences,
            undelivered=undelivered,
            shown={one.alert.row.alert: one.title for one in said},
            teams={team.id: team.title for team in floor.teams},
            lasted=lambda one: from_to(one, w, day.date, board.clock.now()),
            named_scope=lambda text: scope(text, floor, w),
            open=sorted((one for one in said if one.alert.open), key=lambda one: one.alert.held is not None),
            ended=[one for one in said if not one.alert.open],
        )

    @router.get("/api/v1/alerts", tags=["alerts"], summary="Alerts", responses=answer(AlertRow, "alerts of the day"))
    async def api(date: filters.Day = None, team: filters.Team = None, agent: filters.Agent = None) -> Response:
        """Alerts that fired on a day, newest first; without ``date`` also those still open from earlier days."""
        async with board.reader.connect() as connection:
            floor, day = await board.day(connection, date)
            found = await alerts.find(connection, day=day.date, open_too=date is None, team=team, agent=agent)
        return listing(board.clock.now(), [localized(alert.row, floor) for alert in found], floor)

    return router
