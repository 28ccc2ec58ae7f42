"""What every service does that hears people: their acts, written in one transaction with what they change.

The board hears them on its pages, alerts in messengers; neither knows the other (docs/decisions/0034-people-in-slack.md).
"""
