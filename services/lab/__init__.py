"""The lab: simulated floor days, a feeder that plays them as providers do, back-tests and benchmarks.

Stands on the rules; imports no shell. Reads and writes files; talks to services over HTTP only.
"""
