"""HTTP: one file per page with its API resource. Handlers decode, ask, render."""
