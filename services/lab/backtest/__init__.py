"""Back-test: a file of facts through the same pure core that runs live, by event time only (DESIGN §10 "backtest").

``read`` (facts → versions) → ``day`` (versions → evidence) → ``run`` (every slice of every working day) → ``write``.
"""
