"""The exit codes of processes, besides 0 for one that was stopped or is done."""

FAILED = 1
SETTINGS = 2
"""A setting is missing or wrong."""
