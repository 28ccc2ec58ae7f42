"""Tasks of the day: how many worked, what each changed against what was to be expected without."""

from collections.abc import Mapping, Sequence

from schemas.floor import Floor
from schemas.steps import TaskResult
from services.board.report.rows import TaskCounts, TaskReport
from services.board.storage.tasks import Task
from services.board.today import Today
from services.rules.effect import effect


def counts(today: Today, found: Sequence[Task]) -> TaskCounts:
    results: dict[TaskResult, int] = {}
    for one in found:
        verified = one.row.verified
        if one.row.result and verified and today.day.starts < verified <= today.day.ends:
            results[one.row.result] = results.get(one.row.result, 0) + 1
    given = sum(one.row.date == today.date for one in found)
    return TaskCounts(given=given, verified=sum(results.values()), results=results)


def task_report(task: Task, floor: Floor) -> TaskReport:
    row, told = task.row, task.evidence
    done, due = told.get("done"), told.get("target")
    before = (int(done), float(due)) if isinstance(done, int) and isinstance(due, int | float) else None
    seen = told.get("verified") if task.counts != "invalidated" else None
    since = (int(seen["done"]), float(seen["expected"])) if isinstance(seen, Mapping) else None
    found = effect(*before, *since, floor.judgement.of(row.team, row.step)) if before and since else None
    return TaskReport(
        task=row.task,
        agent=row.agent,
        team=row.team,
        step=row.step,
        slice=task.slice,
        opened=row.opened.astimezone(floor.zone),
        target=row.target,
        verified=row.verified.astimezone(floor.zone) if row.verified else None,
        result=row.result,
        before_done=before[0] if before else None,
        before_due=round(before[1], 6) if before else None,
        since_done=since[0] if since else None,
        since_due=round(since[1], 6) if since else None,
        expected=round(found.expected, 6) if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        dismissed=task.dismissed_at is not None,
        revised=task.revised,
        invalid=row.invalid,
    )
