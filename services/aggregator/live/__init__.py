"""What a worker holds in memory: agent-days and lines of the partitions it owns. Only displayed, never the truth."""
