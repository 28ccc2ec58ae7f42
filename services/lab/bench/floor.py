"""The floor that benches run on: any number of agents, sources of the two usual kinds without a rate limit."""

from typing import Final

SIGNING: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRETS: Final = {"BENCH_SIGNING": SIGNING, "BENCH_KEY": "bench-key", "BENCH_SALT": "bench-salt"}
GENERIC, MANGO = "own", "mango-main"


def agent_id(number: int) -> str:
    return f"agent{number:05d}"


def floor_text(agents: int, teams: int = 4, agent_series: bool = True) -> str:
    """YAML of a floor; extension 10000 + n is agent n. Without *agent_series* /metrics stays short and cheap to look at."""
    lines = [
        "version: 1",
        *([] if agent_series else ["metrics_max_agents: 0"]),
        "timezone: Europe/Moscow",
        "day: {start: '00:00', end: '23:59', weekdays: [mon, tue, wed, thu, fri, sat, sun]}",
        "slices: ['08:00', '16:00', '23:59']",
        "teams:",
        *(f"  - {{id: team{number}}}" for number in range(teams)),
        "agents:",
    ]
    lines += [
        f"  - {{id: {agent_id(n)}, team: team{n % teams}, identities: {{{MANGO}: ['{10000 + n}'], {GENERIC}: ['{10000 + n}']}}}}"
        for n in range(agents)
    ]
    lines += [
        "norms: [{for: {floor: main}, per_day: {calls: 90, answered: 32, long_calls: 10}}]",
        "sources:",
        *_source(GENERIC, "generic", "{signing: {env: BENCH_SIGNING}}"),
        *_source(MANGO, "mango", "{api_key: {env: BENCH_KEY}, salt: {env: BENCH_SALT}}"),
        "notify: {channels: [{id: console, kind: console}]}",
    ]
    return "\n".join(lines) + "\n"


def _source(id_: str, provider: str, secrets: str) -> list[str]:
    return [
        f"  - id: {id_}",
        f"    provider: {provider}",
        f"    secrets: {secrets}",
        "    feeds: [calls]",
        "    rate_per_s: 1000000",
    ]
