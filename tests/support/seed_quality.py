"""Transcripts, marks and a dispute on top of the seeded day, written as ingest would: ``seed_quality(dsn, made)``.

Dialogues are invented. By hand: ``python -m tests.support.seed_quality DSN [ru|en]`` seeds the day as well.
"""

import asyncio
import random
import sys
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from schemas import facts, tables
from schemas.facts import CallEnded, CallScored, CallTranscribed, Fact, Segment
from schemas.floor.default_card import DEFAULT_CARD
from schemas.sources import BOARD
from services.kit import postgres
from services.rules.quality.reading import read
from tests.support.seed_floor import NOW, Made, fact_row, seed

LINES = (
    ("contact", "Добрый день! Меня зовут {name}, компания «Ромашка». Удобно сейчас говорить?", "Да, слушаю вас."),
    ("diagnosis", "Подскажите, пожалуйста, как вы сейчас ведёте учёт заказов?", "В таблицах, честно говоря, путаемся."),
    ("presentation", "Наша система поможет вам видеть все заказы в одном окне.", "А чем она лучше таблиц?"),
    ("objections", "Понимаю вас. Давайте сравним на вашем примере.", "Ну, давайте."),
    ("price", "Стоимость двадцать пять тысяч рублей в год.", "Дороговато."),
    ("closing", "Тогда выставим вам счёт сегодня, а в пятницу созвонимся.", "Пишите: 8 (912) 345-67-89."),
)
FIRST = 24
"""So many long calls get a transcript."""
PROMISE = "Гарантирую вам прибыль в первый же месяц."


def dialogue(call: CallEnded, name: str, chance: random.Random) -> CallTranscribed:
    parts: list[Segment] = []
    step = call.talk_s / (len(LINES) + 1)
    for number, (stage, said, answer) in enumerate(LINES):
        at = round(2 + number * step, 1)
        if stage == "contact" or chance.random() < 0.72:
            parts.append(Segment(channel="agent", start_s=at, end_s=at + 6, text=said.format(name=name)))
        parts.append(Segment(channel="customer", start_s=at + 7, end_s=at + 10, text=answer))
    if chance.random() < 0.1:
        parts.append(Segment(channel="agent", start_s=call.talk_s - 9, end_s=call.talk_s - 5, text=PROMISE))
    return CallTranscribed(call_id=call.call_id, agent=call.agent, language="ru", segments=tuple(parts))


def _fact(type_: str, source: str, id_: str, at: datetime, data: CallTranscribed | CallScored) -> Fact:
    event = facts.event_id(source, type_, id_)
    return Fact(id=event, type=type_, source=source, time=at, data=data, received_at=at)


async def seed_quality(dsn: str, made: Made, now: datetime) -> list[str]:
    """The calls that have a transcript; the first is marked by two people and disputed, with an open answer."""
    chance = random.Random(7)
    long = [fact.data for fact in made.facts if isinstance(fact.data, CallEnded) and fact.data.talk_s > 600]
    known = [call for call in long if call.ended_at < now][:FIRST]
    names = {agent.id: agent.title.split()[0] for agent in made.floor.agents}
    rows, readings = [], []
    for number, call in enumerate(known):
        transcript = dialogue(call, names[call.agent or ""], chance)
        told = _fact(facts.TRANSCRIPT, "own", call.call_id, call.ended_at + timedelta(seconds=50), transcript)
        rows.append(fact_row(told, made.day.date))
        found = read(DEFAULT_CARD, transcript)
        readings.append(
            {
                "event_id": told.id, "made_at": now, "card": "default", "card_version": 1, "marks": found.marks,
                "evidence": msgspec.to_builtins(found.evidence), "bans": msgspec.to_builtins(found.bans),
                "stages": list(found.stages),
            }
        )  # fmt: skip
        for by in ("anna", "oleg") if number % 3 == 0 else ("oleg",):
            marks = {item.id: chance.choice((1.0, 1.0, 0.5, 0.0, None)) for item in DEFAULT_CARD.items}
            marks["contact"] = 1.0
            score = CallScored(
                call_id=call.call_id, agent=call.agent, card="default", card_version=1, by=by, marks=marks,
                bans=("promise",) if "promise" in found.bans else (), comment="Хорошее начало, мало вопросов.",
                sample="random" if number % 4 else "targeted",
            )  # fmt: skip
            rows.append(
                fact_row(
                    _fact(facts.SCORE, BOARD, f"{call.call_id}|{by}", now - timedelta(minutes=40), score), made.day.date
                )
            )
    scored = next(row for row in rows if row["type"] == facts.SCORE)
    dispute = {
        "score": scored["event_id"], "call": known[0].call_id, "agent": known[0].agent, "item": "contact", "mark": 1.0,
        "raised_at": now - timedelta(minutes=20), "raised_by": "ivan", "text": "Я представился, это слышно на 00:02.",
    }  # fmt: skip
    engine = postgres.engine(dsn)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(tables.facts), rows)
        await connection.execute(sa.insert(tables.readings), readings)
        await connection.execute(sa.insert(tables.disputes), dispute)
    await engine.dispose()
    return [call.call_id for call in known]


async def both(dsn: str, language: str) -> None:
    await seed_quality(dsn, await seed(dsn, language=language), NOW)


if __name__ == "__main__":
    asyncio.run(both(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "ru"))
