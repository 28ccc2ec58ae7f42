"""What ingest keeps in PostgreSQL: journal, legs, facts, revisions, dirty agent-days, replays. Raw asyncpg, batches only."""
