"""After ``srez floor apply`` beside a running ``srez up``: waits until ingest works by the new floor, and says what it lacks.

New secrets are made by ``srez up``, which starts ingest again with them; a webhook sent meanwhile is refused.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from schemas.floor import Floor
from services.local.home import Home
from services.local.secrets import given, lacking, made_up, read, source_secrets

METRIC = "srez_source_misconfigured"
PATIENCE_S = 30.0
MAKING_S = 6.0
"""By then `srez up` has made what is to be made; what was not, it was given."""
POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Following:
    """What there was before the floor was applied: which secrets nobody has yet, and which ingest ran."""

    home: Home
    floor: Floor
    unmade: tuple[str, ...]
    pid: int | None

    @classmethod
    def begin(cls, home: Home, floor: Floor, dsn: str) -> "Following | None":
        """Before the floor is applied. None when no `srez up` works on this database."""
        endpoints = home.endpoints()
        if endpoints.get("postgres") != dsn or _state(str(endpoints["ingest"])) is None:
            return None
        ours = [names for source, kind, names in source_secrets(floor.sources) if made_up(source.provider, kind)]
        unmade = tuple(name for names in ours for name in names if not given(name, os.environ))
        return cls(home, floor, unmade, endpoints["pids"].get("ingest"))

    def wait(self, say: Callable[[str], None]) -> None:
        """After it was applied."""
        if made := self._made():
            file = self.home.endpoints().get("secrets")
            say(
                f"Secrets made for it: {', '.join(made)}, in {file}. Ingest starts again with them; till then it refuses."
            )
        began = time.monotonic()
        while (problems := self._problems(restarted=bool(made))) is None:
            if time.monotonic() - began > PATIENCE_S:
                say("Ingest does not work by it yet: srez doctor says why.")
                return
            time.sleep(POLL_S)
        for problem in problems:
            say(problem)
        if made and not problems:
            say("Ingest accepts webhooks by it now.")

    def _made(self) -> list[str]:
        began = time.monotonic()
        while self.unmade and time.monotonic() - began < MAKING_S:
            known = read(Path(str(self.home.endpoints().get("secrets"))))
            if made := [name for name in self.unmade if name in known]:
                return made
            time.sleep(POLL_S)
        return []

    def _problems(self, *, restarted: bool) -> list[str] | None:
        """None while ingest does not know this floor's sources."""
        endpoints = self.home.endpoints()
        state = _state(str(endpoints.get("ingest")))
        same = endpoints.get("pids", {}).get("ingest") in (None, self.pid)
        if state is None or (restarted and same) or any(source.id not in state for source in self.floor.sources):
            return None
        wrong = [source for source in self.floor.sources if state[source.id]]
        told = lacking(wrong, {**os.environ, **read(Path(str(endpoints.get("secrets"))))})
        silent = [source.id for source in wrong if not any(f"source {source.id} " in line for line in told)]
        return told + [f"source {id_} accepts nothing: srez doctor says why" for id_ in silent]


def _state(url: str) -> Mapping[str, bool] | None:
    """Source → can it accept nothing? None when ingest does not answer."""
    try:
        text = httpx.get(f"{url}/metrics", timeout=5).raise_for_status().text
    except httpx.HTTPError:
        return None
    return {
        sample.labels["source"]: sample.value == 1
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == METRIC
    }
