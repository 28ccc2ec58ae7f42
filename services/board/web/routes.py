"""All routes of the board, in the order of its sections."""

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from services.board.web import (
    account,
    acting,
    agent,
    alert_acting,
    alerts,
    calls,
    coaching,
    floor,
    forecast,
    lines,
    login,
    look,
    marking,
    norms,
    ordering,
    quality,
    quality_api,
    report,
    slices,
    sources,
    sources_api,
    stream,
    tasks,
    trust,
    wall,
)
from services.board.web.board import STATIC, Board

SECTIONS = (
    floor,
    wall,
    slices,
    tasks,
    acting,
    coaching,
    alerts,
    alert_acting,
    lines,
    look,
    norms,
    sources,
    sources_api,
    ordering,
    agent,
    calls,
    trust,
    forecast,
    report,
    quality,
    quality_api,
    marking,
    stream,
    login,
    account,
)


def add_routes(app: FastAPI, board: Board) -> None:
    router = APIRouter()
    for section in SECTIONS:
        router.include_router(section.routes(board))
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
