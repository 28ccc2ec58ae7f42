"""The part of a day's norm due by an instant, for an agent's exposure (DOMAIN §4, flat curves)."""


def due(per_day: float, exposed_min: float, standard_min: float) -> float:
    """Expected count, ≥ 0, not rounded (2.4 invoices is fine).

    Args:
        per_day: norm of a full standard shift.
        exposed_min: the agent's exposure so far, minutes.
        standard_min: the standard shift, minutes; 0 gives 0.
    Source: DOMAIN §4, T = N · Σ w·a / Σ w·a° with w flat.
    """
    return per_day * exposed_min / standard_min if standard_min else 0.0
