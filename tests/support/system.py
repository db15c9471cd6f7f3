"""All of Adrelay, its services and sandboxes run by the fork server."""

from adrelay.demo.system import LocalSystem
from tests.support.forked import pid_behind


class ForkedSystem(LocalSystem):
    """A system whose `python` is what `fork` returns: its supervisor starts clients of the fork server."""

    def pid(self, name: str) -> int:
        """Return the process id of a running part itself, not of the client that stands for it."""
        return pid_behind(super().pid(name))
