"""The end of the day: ``day`` gathers and counts, ``tasks`` measures their effect, ``rows`` is what comes of it.

Counts are of the facts known now, so that what came late is in them; what was judged stays as it was frozen.
"""
