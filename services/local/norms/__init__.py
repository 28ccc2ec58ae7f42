"""Norms from what was done: ``propose`` reads past days off a facts file or PostgreSQL, ``apply`` writes a proposal into the
floor. The arithmetic is services.rules.proposal's.

Writes the table ``floors``; reads ``facts``, ``journal``, ``technical``.
"""
