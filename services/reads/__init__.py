"""What several services read of the facts and of what was frozen: one query and one reckoning, so that a page of the board and a
message of alerts cannot differ (docs/decisions/0040-one-reading-of-the-day.md). Reads only; owns no table.
"""
