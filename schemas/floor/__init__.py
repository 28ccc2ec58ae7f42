"""The floor file: one place where a floor is described (DESIGN §5)."""

from schemas.floor.load import FloorError, Problem, check, decoded, dump, load, parse
from schemas.floor.model import Agent, Floor, NormEntry, Notify, Segment, Shift, SourceConfig, Team

__all__ = [
    "Agent",
    "Floor",
    "FloorError",
    "NormEntry",
    "Notify",
    "Problem",
    "Segment",
    "Shift",
    "SourceConfig",
    "Team",
    "check",
    "decoded",
    "dump",
    "load",
    "parse",
]
