"""``srez doctor``: says what is wrong with an installation and how to mend it.

Each check yields findings; ``examine`` runs them in the order in which one stands on the other.
"""

from services.local.doctor.examine import examine
from services.local.doctor.finding import Finding

__all__ = ["Finding", "examine"]
