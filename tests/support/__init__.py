"""Shared by all tests: real servers, waiting for conditions, running services as processes."""
