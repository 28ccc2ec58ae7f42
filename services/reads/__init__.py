"""What stands in PostgreSQL at this moment, read alike by everybody who shows it: board, and alerts in a messenger."""
