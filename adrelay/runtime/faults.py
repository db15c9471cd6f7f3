"""What can keep a process of the local runtime from starting, said in one line."""


class RuntimeFault(Exception):
    """A server or service can't run here; the message is one clear line that says why and what to do."""
