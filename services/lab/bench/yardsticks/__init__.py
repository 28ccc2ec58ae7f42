"""What our figures are held against, each a process of its own."""
