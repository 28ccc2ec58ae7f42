"""SQL reads, one noun a file. Every function takes an open connection and changes nothing."""
