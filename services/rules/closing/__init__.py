"""The close of one slice of the whole floor: evidence and memory in; rows, tasks, verifications, cases, issues out.

In order: what is due (``rows``) → common cause and levels (``issues``) → verification of open tasks and coaching
(``verifying``) → new tasks (``issuing``) → the end of the day as it looks now (``foretelling``); ``slice`` puts
the steps in a row. What earlier closes said is seen with the technical minutes known now (``again``, ``standing``): at the
next close (``remembering``), and beside what is frozen (``revising``). The live closer gathers the evidence by SQL, the
back-test from a file; this package is the same for both.
"""

from services.rules.closing.again import Frozen
from services.rules.closing.evidence import Closing, Counts, Evidence, TeamIssue
from services.rules.closing.remembering import Earlier, cases_asked, remembered, slices_asked
from services.rules.closing.revising import Revised, revised
from services.rules.closing.slice import close
from services.rules.closing.standing import Opened, as_known, began

__all__ = [
    "Closing",
    "Counts",
    "Earlier",
    "Evidence",
    "Frozen",
    "Opened",
    "Revised",
    "TeamIssue",
    "as_known",
    "began",
    "cases_asked",
    "close",
    "remembered",
    "revised",
    "slices_asked",
]
