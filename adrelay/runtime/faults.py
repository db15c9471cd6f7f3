"""Errors that keep a process of the local runtime from starting, each in one line."""


class RuntimeFault(Exception):
    """A server or service can't run here; the message is one clear line that says why and what to do."""
