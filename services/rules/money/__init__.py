"""Money ahead: payments to the end of the month, and what the plan loses by which cause (DOMAIN §11).

``lag``: how long invoices wait for their payment, censored ones included. ``month``: paid + open + future invoices.
``risk``: money at risk, cause by cause. ``record``: how past forecasts came out.
"""
