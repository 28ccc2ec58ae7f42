"""Whose problem a failed attempt is, by its codes (DOMAIN §8): the network, the person called, or the list."""

from typing import Literal

from schemas.facts import Disposition
from schemas.floor.outages import CauseTable

Blame = Literal["network", "person", "list", "unknown", "none"]


def blame(disposition: Disposition, sip: int | None, q850: int | None, causes: CauseTable) -> Blame:
    """The SIP status decides before the Q.850 cause: FreeSWITCH maps causes above 127 to 16.

    Without any known code a ``congestion`` is the network's, a ``failed`` is unknown.
    """
    if disposition in ("answered", "voicemail"):
        return "none"
    for code, network, person, list_ in (
        (sip, causes.network_sip, causes.person_sip, causes.list_sip),
        (q850, causes.network_q850, causes.person_q850, causes.list_q850),
    ):
        if code in network:
            return "network"
        if code in person:
            return "person"
        if code in list_:
            return "list"
    if disposition == "congestion":
        return "network"
    return "unknown" if disposition == "failed" else "person"


def is_network_failure(disposition: Disposition, sip: int | None, q850: int | None, causes: CauseTable) -> bool:
    """True when the attempt failed on our side; a ``failed`` without any code counts too (verdict: undetermined)."""
    found = blame(disposition, sip, q850, causes)
    return found == "network" or (found == "unknown" and sip is None and q850 is None)
