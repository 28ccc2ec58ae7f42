"""Alerts between the finding and the message: the steps in their order stand in ``pipeline`` (DOMAIN §9)."""
