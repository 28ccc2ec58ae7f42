"""Slices and what follows from them: tasks, coaching, forecasts; the aggregator writes them, acts the board."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from schemas.tables.base import Instant, metadata

closes = sa.Table(
    "closes",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("cut_off", Instant, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("floor_version", Integer, nullable=False),
    Column("on_time", Boolean, nullable=False, comment="False: closed after the next cut-off; rows, but no tasks"),
    Column("trust", JSONB, nullable=False, comment="team → step → reasons why not trusted"),
    Column("announced_at", Instant),
)

slices = sa.Table(
    "slices",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("cut_off", Instant, nullable=False),
    Column("done", Integer, nullable=False),
    Column("in_slice", Integer, nullable=False),
    Column("target", Float),
    Column("index", Float),
    Column("p_below", Float),
    Column("level", Text, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("late", Integer, nullable=False, server_default="0"),
)

slice_revisions = sa.Table(
    "slice_revisions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("date", Date, nullable=False),
    Column("slice", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("revised_at", Instant, nullable=False),
    Column("done", Integer, nullable=False, comment="count of the same cut-off as stored now"),
    Column("reason", Text, nullable=False, comment="late, correction; or, with a level, schemas.steps.RevisionReason"),
    Column("target", Float),
    Column("index", Float),
    Column("p_below", Float),
    Column("level", Text, comment="as it would be judged with the technical minutes known then; null: about counts"),
    Column("technical_min", Float, comment="the agent's, from midnight to the cut-off"),
    Index("slice_revisions_slice", "date", "slice", "agent", "step"),
    comment="append-only: the newest says how a frozen row stands",
)

tasks = sa.Table(
    "tasks",
    metadata,
    Column("task", UUID(as_uuid=False), primary_key=True),
    Column("date", Date, nullable=False),
    Column("slice", Text, nullable=False, comment="slice at which it was opened"),
    Column("agent", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("due", Instant, nullable=False, comment="cut-off at which it is verified first"),
    Column("target", Integer, nullable=False, comment="what is verified: as issued, or as the head edited it"),
    Column("issued", Integer, comment="the target as the closer issued it; null until it is edited"),
    Column("verified", Instant),
    Column("result", Text),
    Column("evidence", JSONB, nullable=False, server_default="{}"),
    Column(
        "state", Text, nullable=False, server_default="proposed", comment="proposed, confirmed, dismissed, acknowledged"
    ),
    Column("dismissed_at", Instant),
    Index("tasks_open", "agent", unique=True, postgresql_where=text("result IS NULL AND dismissed_at IS NULL")),
    Index("tasks_date", "date", "agent"),
)

task_acts = sa.Table(
    "task_acts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("task", UUID(as_uuid=False), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False, comment="name of the person, as the board knows it"),
    Column("act", Text, nullable=False, comment="confirm, edit, dismiss, talk, acknowledge (schemas.acts)"),
    Column("arguments", JSONB, nullable=False, comment="the struct of that act in schemas.acts"),
    Column("key", Text, comment="the asker's own id of the request: a replay finds it"),
    sa.UniqueConstraint("task", "key"),
    Index("task_acts_task", "task", "id"),
    comment="append-only: what people did about a task, written in one transaction with what it changes in tasks",
)

task_revisions = sa.Table(
    "task_revisions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("task", UUID(as_uuid=False), nullable=False),
    Column("revised_at", Instant, nullable=False),
    Column("result", Text, nullable=False, comment="as it would be with the technical minutes known then"),
    Column("technical_min", Float, nullable=False, comment="of the interval that was verified"),
    Column("reason", Text, nullable=False, comment="technical, withdrawn"),
    Index("task_revisions_task", "task", "id"),
    comment="append-only: the newest says how the result of a verified task stands",
)

coaching = sa.Table(
    "coaching",
    metadata,
    Column("case", UUID(as_uuid=False), primary_key=True),
    Column("date", Date, nullable=False),
    Column("agent", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recheck_on", Date, nullable=False),
    Column("evidence", JSONB, nullable=False, server_default="{}"),
    Column("lifted", Instant, comment="cut-off at which it would no longer be opened with what was known then"),
    Index("coaching_agent", "agent", "opened"),
)

coaching_acts = sa.Table(
    "coaching_acts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("case", UUID(as_uuid=False), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False, comment="name of the person, as the board knows it"),
    Column("act", Text, nullable=False, comment="plan, close (schemas.acts)"),
    Column("arguments", JSONB, nullable=False, comment="the struct of that act in schemas.acts"),
    Column("key", Text, comment="the asker's own id of the request: a replay finds it"),
    sa.UniqueConstraint("case", "key"),
    Index("coaching_acts_case", "case", "id"),
    comment="append-only: plans and the outcome of a coaching case",
)

coaching_revisions = sa.Table(
    "coaching_revisions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("case", UUID(as_uuid=False), nullable=False),
    Column("revised_at", Instant, nullable=False),
    Column("stands", Boolean, nullable=False, comment="False: what opened it rests on time found technical since"),
    Column("reason", Text, nullable=False, comment="technical, withdrawn"),
    Index("coaching_revisions_case", "case", "id"),
    comment="append-only: the newest says whether a case would still be opened",
)

team_issues = sa.Table(
    "team_issues",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("team", Text, primary_key=True),
    Column("firing", Boolean, nullable=False),
    Column("evidence", JSONB, nullable=False),
    comment="common cause found by the closer; alerts turns it into an efficiency alert",
)

forecasts = sa.Table(
    "forecasts",
    metadata,
    Column("date", Date, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("scope", Text, primary_key=True, comment="floor:…, team:…"),
    Column("step", Text, primary_key=True),
    Column("done", Integer, nullable=False, comment="at the cut-off"),
    Column("plan", Float, comment="the day's norms for the minutes scheduled"),
    Column("median", Integer, nullable=False),
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("p_plan", Float),
    comment="the end of the day as it was foretold at each close, to be held against what came",
)

month_forecasts = sa.Table(
    "month_forecasts",
    metadata,
    Column("date", Date, primary_key=True),
    Column("scope", Text, primary_key=True, comment="floor:…, team:…"),
    Column("unit", Text, primary_key=True, comment="payments, or minor (of the reporting currency)"),
    Column("done", BigInteger, nullable=False, comment="of the month, at the cut-off"),
    Column("plan", Float, comment="of the month"),
    Column("median", BigInteger, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("p_plan", Float),
    comment="the end of the month as it was foretold at each day's last close, to be held against what came",
)

differences = sa.Table(
    "differences",
    metadata,
    Column("partition", Integer, primary_key=True),
    Column("worker", Text, nullable=False),
    Column("agents", Integer, nullable=False, comment="agent-days whose live counters differ from stored facts"),
    Column("checked_at", Instant, nullable=False),
    comment="a lasting difference between live counters and stored facts (DOMAIN §5 e); a row goes when it is healed",
)
