"""``srez asterisk``: readers (AMI, ARI) → spool on disk → poster.

An event is on disk before the next is read, and leaves it when ingest has answered 2xx; so a killed forwarder or an
absent ingest loses nothing, and what is sent twice is counted once.
"""
