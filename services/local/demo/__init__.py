"""``srez demo``: a simulated day goes through the real product, and its outcome is held against what really happened.

``day`` prepares it, ``run`` plays it, ``watch`` tells its progress, ``checks`` compares, ``summary`` tells.
"""
