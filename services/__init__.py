"""The services and the pure core they share (DESIGN §3)."""
