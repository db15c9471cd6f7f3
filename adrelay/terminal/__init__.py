"""Shared by all commands: input, output and exit codes."""
