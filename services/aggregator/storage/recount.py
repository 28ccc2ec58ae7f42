"""What is stored now against what was frozen, for one slice: shows ``late``, keeps a revision of what moved."""

from schemas.steps import STEPS
from services.aggregator.storage.counting import LIMITS, counts

_STEPS = ", ".join(f"('{step}', now.{step}, now.late_{step})" for step in STEPS)
RECOUNT = f"""
WITH now AS (
  SELECT f.agent, {counts()}, {counts("late_", "f.received_at > $7")}
  FROM facts f JOIN {LIMITS} ON b.agent = f.agent
  WHERE f.day = $5 AND f.occurred_at <= $6
  GROUP BY f.agent),
stored AS (SELECT now.agent, s.step, s.done, s.late FROM now CROSS JOIN LATERAL (VALUES {_STEPS}) AS s(step, done, late)),
moved AS (
  SELECT frozen.agent, frozen.step, coalesce(stored.done, 0) AS done, coalesce(stored.done, 0) - frozen.done AS late,
    CASE WHEN coalesce(stored.done, 0) - frozen.done = coalesce(stored.late, 0) THEN 'late' ELSE 'correction' END AS reason,
    frozen.late AS before
  FROM slices frozen LEFT JOIN stored ON stored.agent = frozen.agent AND stored.step = frozen.step
  WHERE frozen.date = $5 AND frozen.slice = $8 AND frozen.agent = ANY($1)
    AND frozen.late <> coalesce(stored.done, 0) - frozen.done),
shown AS (
  UPDATE slices SET late = moved.late FROM moved
  WHERE slices.date = $5 AND slices.slice = $8 AND slices.agent = moved.agent AND slices.step = moved.step),
kept AS (
  INSERT INTO slice_revisions (date, slice, agent, step, revised_at, done, reason)
  SELECT $5, $8, agent, step, $9, done, reason FROM moved)
SELECT coalesce(sum(greatest(late - before, 0)), 0)::int AS more, count(*)::int AS rows FROM moved
"""
