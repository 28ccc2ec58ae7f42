"""Slices frozen by the clock: due → evidence by SQL → rules.closing → rows, in one transaction → announced."""
