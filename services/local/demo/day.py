"""The day of the demo: floor, facts, and the clock it is played to."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import deploy
from schemas.floor import Floor, Notify, dump, parse
from services.lab.simulate import FloorDay, scenario_named, simulate

FLOOR_FILE = Path(deploy.__file__).with_name("floor.example.yaml")
SCENARIO = "demo"
RATE = 200.0
"""Floor seconds in a real second."""
START_S = 12.0
"""Real seconds the services get to start before the first call."""
AFTER_S = 4.0
"""Real seconds of haste after the last slice was due."""
REQUEST_DEADLINE_S = 3.0
"""What a machine may take for one request; in haste that is minutes of the floor's time, and grace must cover it."""
KEPT = ("SREZ_HOME", "SREZ_BROKER_BIN", "SREZ_LOG_LEVEL")


@dataclass(frozen=True, slots=True)
class DemoDay:
    floor_text: str
    floor: Floor
    day: FloorDay
    rate: float
    environment: Mapping[str, str]

    @property
    def opening(self) -> datetime:
        """When the virtual time starts."""
        first = min(fact.received_at for fact in self.day.deliveries if fact.received_at is not None)
        return first - timedelta(seconds=START_S * self.rate)

    @property
    def last_close(self) -> datetime:
        """When the last slice is due to be frozen (DESIGN §10)."""
        allowed = timedelta(seconds=self.floor.grace_s + REQUEST_DEADLINE_S * self.rate)
        return self.day.days[-1].cut_offs[-1].at + allowed

    @property
    def clock(self) -> str:
        """SREZ_CLOCK: in haste until the day is over, then at the normal pace, so that the board stays where it is."""
        until = self.last_close + timedelta(seconds=AFTER_S * self.rate)
        zone = self.floor.zone
        return f"{self.opening.astimezone(zone).isoformat()}@{self.rate:g}/{until.astimezone(zone).isoformat()}"


def prepare(rate: float = RATE, seed: int = 1, environment: Mapping[str, str] = os.environ) -> DemoDay:
    described = parse(FLOOR_FILE.read_text(encoding="utf-8"))
    hasty = {"notify": _without_messengers(described.notify), "grace_s": described.grace_s + REQUEST_DEADLINE_S * rate}
    floor = described.model_copy(update=hasty)
    day = simulate(floor, scenario_named(SCENARIO), seed=seed)
    return DemoDay(dump(floor), floor, day, rate, _apart(described, environment))


def _without_messengers(notify: Notify) -> Notify:
    """Only channels that need no secret: a demo writes to nobody."""
    channels = tuple(channel for channel in notify.channels if channel.kind == "console")
    left = {channel.id for channel in channels}
    routes = tuple(
        route.model_copy(update={"to": tuple(id_ for id_ in route.to if id_ in left)}) for route in notify.routes
    )
    return notify.model_copy(update={"channels": channels, "routes": tuple(route for route in routes if route.to)})


def _apart(floor: Floor, environment: Mapping[str, str]) -> dict[str, str]:
    """*environment* without anything that would tie a demo to real stores, real sources or a real messenger."""
    references = [
        reference
        for channel in floor.notify.channels
        for reference in (channel.token, channel.signing_secret, channel.url, channel.signing)
        if reference is not None
    ]
    references += [
        one
        for source in floor.sources
        for secret in source.secrets.values()
        for one in (secret if isinstance(secret, tuple) else (secret,))
    ]
    foreign = {reference.env for reference in references}
    foreign |= {f"{name}_FILE" for name in foreign}
    return {
        name: value
        for name, value in environment.items()
        if name not in foreign and (name in KEPT or not name.startswith(("SREZ_", "SLACK_")))
    }
