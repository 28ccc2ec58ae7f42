"""The Faust side: one worker, two agents, partitions that are loaded before they are consumed."""
