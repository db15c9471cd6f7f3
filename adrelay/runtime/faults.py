"""The error of a process of the local runtime that can't start."""


class RuntimeFault(Exception):
    """A server or service can't run here; the message is one line with the reason and the remedy."""
