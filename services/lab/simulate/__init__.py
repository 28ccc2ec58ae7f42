"""A seeded floor day as pure code: same floor, scenario, dates and seed → the same facts, byte for byte."""

from services.lab.simulate.floor_day import FloorDay, simulate
from services.lab.simulate.scenario import SCENARIOS, Scenario, scenario_named

__all__ = ["SCENARIOS", "FloorDay", "Scenario", "scenario_named", "simulate"]
