"""Forwarders: they fetch what a source does not post by itself, and post it to ingest as if it did."""
