"""What is wrong, and what is frozen: rows of PostgreSQL put through the pure rules. Nothing here is remembered."""
