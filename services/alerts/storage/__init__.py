"""What alerts keeps in PostgreSQL, and what it reads there. Functions take a connection inside the caller's transaction."""
