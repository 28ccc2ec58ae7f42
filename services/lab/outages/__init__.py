"""``srez lab outages``: days with a known fault through the real rules, beside limits as other products have them."""
