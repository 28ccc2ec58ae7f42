"""How often the rules blame whom: floors of known people, made up from a seed, through the very ``close`` that judges live.

In order: who works on which floor (``floors``) → what they get done by chance (``counts``) → a day of slices through the
core (``play``) and through the naive rule beside it (``naive``) → shares with intervals (``rates``) → all of it (``trial``)
and how it is shown (``report``). ``forecasts`` asks the same of the forecast of the day, ``months`` of the month's.
``worth`` of what is worth a look: ``drifts``, ``drops``, ``habits``.
"""

from services.lab.accuracy.trial import measure, work

__all__ = ["measure", "work"]
