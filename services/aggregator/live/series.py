"""Live state as Prometheus series: agents of the roster in partitions that are loaded; every line of those owned."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from schemas.steps import STEPS, Step
from services.aggregator.live.floors import FloorDay, Floors
from services.aggregator.live.funnels import Funnels
from services.aggregator.live.lines import Lines
from services.aggregator.metrics import gauge
from services.rules.deviation import of_agent
from services.rules.exposure import exposure, scheduled
from services.rules.norms import norms_of
from services.rules.spans import EMPTY, Spans
from services.rules.target import dues

_AGENT_LABELS = ["team", "agent", "step"]


class AgentSeries:
    """Norms and shifts of a day are computed once; *technical* gives the technical minutes known per agent."""

    def __init__(
        self,
        floors: Floors,
        funnels: Funnels,
        ready: Callable[[], bool],
        now: Callable[[], datetime],
        technical: Callable[[], dict[str, Spans]],
    ) -> None:
        self._floors, self._funnels, self._ready, self._now, self._technical = floors, funnels, ready, now, technical
        self._plans: dict[str, tuple[Mapping[Step, float], Spans]] = {}
        self._plans_of: FloorDay | None = None

    def __call__(self) -> Iterator[Metric]:
        done = gauge("srez_funnel_today", "results of the agent since local midnight", _AGENT_LABELS)
        target = gauge("srez_target_now", "part of the day's norm due by now", _AGENT_LABELS)
        index = gauge("srez_norm_index", "results against the target, shrunk: 1 is on norm", _AGENT_LABELS)
        if self._ready():
            on = self._floors.today()
            if len(on.floor.agents) <= on.floor.metrics_max_agents:
                self._fill(on, done, target, index)
        yield from (done, target, index)

    def _fill(self, on: FloorDay, done: GaugeMetricFamily, target: GaugeMetricFamily, index: GaugeMetricFamily) -> None:
        if self._plans_of is not on:
            self._plans, self._plans_of = {}, on
        now, technical, by = self._now(), self._technical(), on.floor.judgement
        for name, day in self._funnels.of(on.day.date):
            agent = on.floor.agent_by_id.get(name)
            if agent is None:
                continue
            if name not in self._plans:
                own_norms = norms_of(on.floor, agent, on.day.weekday)
                self._plans[name] = own_norms, scheduled(on.floor, on.day, agent)
            norms, plan = self._plans[name]
            own_time = exposure(plan, on.day, day.states(), technical.get(name, EMPTY))
            due = dues(norms, own_time.net, on.day.of(agent.team), on.day.starts, now)
            for step, count in zip(STEPS, day.done, strict=True):
                labels = [agent.team, name, step]
                done.add_metric(labels, count)
                if step in due:
                    target.add_metric(labels, due[step])
                    own = of_agent(count, due[step], by.of(agent.team, step))
                    index.add_metric(labels, own.mean)


class LineSeries:
    def __init__(self, floors: Floors, lines: Lines, ready: Callable[[], bool], now: Callable[[], datetime]) -> None:
        self._floors, self._lines, self._ready, self._now = floors, lines, ready, now

    def __call__(self) -> Iterator[Metric]:
        ratio = gauge("srez_line_failure_ratio", "network failures in the last attempts of the line", ["line"])
        attempts = gauge("srez_line_attempts", "attempts on the line since local midnight", ["line"])
        silence = gauge("srez_source_silence_seconds", "since the source was last heard of by this worker", ["source"])
        if self._ready():
            heard: dict[str, float] = {}
            for line in self._lines.all():
                window = line.state.window
                failed = sum(one.failed for one in window)
                ratio.add_metric([line.state.line], failed / len(window) if window else 0.0)
                attempts.add_metric([line.state.line], line.state.attempts)
                heard[line.source] = max(heard.get(line.source, 0.0), line.received_s)
            now_s = self._now().astimezone(UTC).timestamp()
            for source, received_s in sorted(heard.items()):
                if source in self._floors.latest.source_by_id:
                    silence.add_metric([source], max(0.0, now_s - received_s))
        yield from (ratio, attempts, silence)
