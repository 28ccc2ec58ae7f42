"""Every contract that crosses a process: facts, messages, topics, rows, tables, the floor file.

Imports nothing of ours. What stands here is decoded and validated at the boundary, then trusted inside.
"""
