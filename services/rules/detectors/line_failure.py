"""Line failure: network failures of one line beyond its own base rate (DOMAIN §8).

Enter: binomial tail over the last 20–100 attempts of 5 minutes (of a line with fewer: its newest 20 of half an hour), the
limit on p shared among the windows of a day; or four network failures in a row of at least two agents or customers (ADR 0045).
Leave: below twice the base for 10 minutes; failures meanwhile that the base brings one time in ten are usual, not a relapse
(ADR 0042). Without attempts the finding stays open as ``no_data`` and is closed when the working day is over.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Literal

import msgspec
from scipy.special import bdtrc

from schemas.floor.outages import LineFailure

LineStateName = Literal["ok", "failing", "recovering", "no_data"]


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One outbound attempt, by the instant it ended."""

    at: datetime
    agent: str | None
    customer: str | None
    failed: bool
    """A network failure (causes.is_network_failure)."""
    code: str = ""
    """Raw code for evidence, such as ``Q.850 34``."""
    call_id: str = ""
    disposition: str = ""


@dataclass(slots=True)
class Finding:
    """One episode. ``last_failure`` moves while it lasts, not for a usual failure after it; ``resolved_at`` ends it.

    ``well``: (attempts, failures) of the window it recovered in, and of all since.
    """

    since: datetime
    fired_at: datetime
    path: Literal["in_a_row", "tail"]
    attempts: int
    failures: int
    p: float | None
    codes: dict[str, int]
    agents: int
    last_failure: datetime
    last_attempt: datetime
    calls: tuple[str, ...]
    below_since: datetime | None = None
    resolved_at: datetime | None = None
    total_failures: int = 0
    failures_by_agent: dict[str, int] = field(default_factory=dict)
    ok_by_others: int = 0
    window_from: datetime | None = None
    well: tuple[int, int] = (0, 0)

    def technical_until(self, now: datetime, window_s: float) -> datetime:
        """End of the technical time: the last failure once it recovers, else now — but not long past the last attempt."""
        if self.below_since is not None or self.resolved_at is not None:
            return self.last_failure
        return min(now, self.last_attempt + timedelta(seconds=window_s))


@dataclass(slots=True)
class LineState:
    """Fold of one line and day. ``base`` is fixed for the day; attempts after its ``over`` are nobody's working time."""

    line: str
    base: float
    by: LineFailure
    over: datetime | None = None
    window: deque[Attempt] = field(default_factory=deque)
    run: list[Attempt] = field(default_factory=list)
    attempts: int = 0
    failures: int = 0
    open: Finding | None = None
    closed: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        return [*self.closed, *([self.open] if self.open else [])]

    def name(self, now: datetime) -> LineStateName:
        if self.open is None:
            return "ok"
        if not self.recent(now):
            return "no_data"
        return "recovering" if self.open.below_since else "failing"

    def recent(self, now: datetime) -> list[Attempt]:
        """The newest attempts, of the window's time only."""
        edge = now - timedelta(seconds=self.by.window_s)
        return [attempt for attempt in self.window if attempt.at > edge]


def base_rate(history: Iterable[tuple[int, int]], by: LineFailure) -> float:
    """Base rate of a line for one day.

    Args:
        history: (attempts, network failures) of each earlier day.
    Returns: the median day's ratio, at least 0.5 %; the configured base until there are enough attempts.
    """
    days = [(attempts, failures) for attempts, failures in history if attempts >= by.window_attempts[0]]
    if sum(attempts for attempts, _ in days) < by.base_attempts:
        return by.base
    return max(0.005, median(failures / attempts for attempts, failures in days))


def advance(state: LineState, attempt: Attempt) -> None:
    """Fold one attempt in. Attempts come in order of ``at``; a late one is taken at its own instant."""
    if state.over is not None and attempt.at > state.over:
        return
    state.attempts += 1
    if state.open is None and not attempt.failed:  # by far the most frequent case
        state.window.append(attempt)
        state.run.clear()
        if len(state.window) > state.by.window_attempts[1]:
            state.window.popleft()
        return
    settle(state, attempt.at)
    state.failures += attempt.failed
    state.window.append(attempt)
    state.run = _run(state, attempt)
    _forget(state, attempt.at)
    if state.open is None:
        _enter(state, attempt)
    else:
        _follow(state, state.open, attempt)


def _run(state: LineState, attempt: Attempt) -> list[Attempt]:
    """Failures in a row, the last ones; further apart than a recovery takes, they are not one episode."""
    if not attempt.failed:
        return []
    run = state.run[-(state.by.in_a_row - 1) :]
    if run and attempt.at - run[-1].at > timedelta(seconds=state.by.recover_s):
        run = []
    return [*run, attempt]


def settle(state: LineState, now: datetime) -> None:
    """Let time pass: an open finding that stayed below its leaving limit long enough is resolved."""
    found = state.open
    if found is None or found.below_since is None:
        return
    ends = found.below_since + timedelta(seconds=state.by.recover_s)
    if now >= ends and any(attempt.at > found.below_since for attempt in state.window):
        found.resolved_at = ends
        state.closed.append(found)
        state.open = None


def close_day(state: LineState, over: datetime) -> None:
    """The working day is over: what is still open is closed, never before it was found."""
    settle(state, over)
    if state.open is not None:
        state.open.resolved_at = max(over, state.open.last_attempt)
        state.closed.append(state.open)
        state.open = None
        state.run.clear()  # what was told once is not told again
        state.window.clear()


def _forget(state: LineState, now: datetime) -> None:
    """Keep the attempts of the window; where they are few, the newest ones of a longer time."""
    by, window = state.by, state.window
    edge, far = now - timedelta(seconds=by.window_s), now - timedelta(seconds=by.thin_s)
    while window and (
        len(window) > by.window_attempts[1]
        or (window[0].at <= edge and len(window) > by.window_attempts[0])
        or window[0].at <= far
    ):
        window.popleft()


def _enter(state: LineState, attempt: Attempt) -> None:
    if not attempt.failed:
        return
    by, run, window = state.by, state.run, list(state.window)
    failed = [one for one in window if one.failed]
    if (
        len(run) >= by.in_a_row
        and state.base**by.in_a_row < by.p
        and max(_different(one.agent for one in run), _different(one.customer for one in run)) >= 2
    ):
        state.open = _finding("in_a_row", run, run, None)
    elif len(window) >= by.window_attempts[0] and len(failed) >= by.min_failures:
        p = float(bdtrc(len(failed) - 1, len(window), state.base))
        if p < by.p / by.looks:
            state.open = _finding("tail", failed, window, p)
            state.open.since = _began(window, state.base)
    if state.open:
        _tally(state.open, window if len(window) > len(run) else run)


def _began(window: list[Attempt], base: float) -> datetime:
    """The failure from which on the window is least like the line in order: one before that was a usual one."""
    from_here = [sum(one.failed for one in window[place:]) for place in range(len(window))]
    starts = [place for place, one in enumerate(window) if one.failed]
    first = min(starts, key=lambda at: float(bdtrc(from_here[at] - 1, len(window) - at, base)))
    return window[first].at


def _different(names: Iterable[str | None]) -> int:
    """How many are known to be different: an unknown agent may be any of the others."""
    return len({name for name in names if name})


def _finding(path: Literal["in_a_row", "tail"], failed: list[Attempt], seen: list[Attempt], p: float | None) -> Finding:
    codes: dict[str, int] = {}
    for one in failed:
        codes[one.code or one.disposition] = codes.get(one.code or one.disposition, 0) + 1
    return Finding(
        since=failed[0].at,
        fired_at=failed[-1].at,
        path=path,
        attempts=len(seen),
        failures=len(failed),
        p=p,
        codes=codes,
        agents=len({one.agent for one in failed if one.agent}),
        last_failure=failed[-1].at,
        last_attempt=failed[-1].at,
        calls=tuple(one.call_id for one in failed[:5] if one.call_id),
        window_from=seen[0].at,
    )


def _follow(state: LineState, found: Finding, attempt: Attempt) -> None:
    _tally(found, [attempt])
    found.last_attempt = max(found.last_attempt, attempt.at)
    recent = state.recent(attempt.at)
    n, failed = len(recent), sum(one.failed for one in recent)
    if found.below_since is None:
        if failed < 2 * state.base * n:
            found.below_since, found.well = attempt.at, (n, failed)
    else:
        found.well = found.well[0] + 1, found.well[1] + attempt.failed
        if failed >= 2 * state.base * n and not _usual(state, *found.well):
            found.below_since = None
    if attempt.failed and found.below_since is None:
        found.last_failure = max(found.last_failure, attempt.at)


def _usual(state: LineState, attempts: int, failures: int) -> bool:
    """Whether a line in order brings so many failures one time in ten."""
    return not failures or float(bdtrc(failures - 1, attempts, state.base)) >= state.by.leave_p


def _tally(found: Finding, attempts: Iterable[Attempt]) -> None:
    for one in attempts:
        if one.failed:
            found.total_failures += 1
            found.failures_by_agent[one.agent or ""] = found.failures_by_agent.get(one.agent or "", 0) + 1
        elif one.agent not in found.failures_by_agent:
            found.ok_by_others += 1


def evidence(state: LineState, found: Finding) -> dict[str, Any]:
    """What the alert says: numbers, window, p-value, sample calls."""
    return {
        "path": found.path,
        "attempts": found.attempts,
        "failures": found.failures,
        "p_value": found.p if found.p is not None else state.base**found.failures,
        "window_from": (found.window_from or found.since).astimezone(UTC).isoformat(),
        "window_until": found.fired_at.astimezone(UTC).isoformat(),
        "base": round(state.base, 6),
        "codes": found.codes,
        "agents": found.agents,
        "calls": list(found.calls),
        "since": found.since.astimezone(UTC).isoformat(),
        "total_failures": found.total_failures,
        "failures_by_agent": dict(sorted(found.failures_by_agent.items())),
        "ok_by_others": found.ok_by_others,
    }
