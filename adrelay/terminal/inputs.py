"""Input from files, or from standard input."""

import sys
from pathlib import Path

from adrelay.terminal.outcome import Unusable

STANDARD_INPUT = Path("-")


def read_input(path: Path, most: int) -> bytes:
    """Return the content of a file, or of standard input for `-`; raise `Unusable` if it is too long."""
    if path == STANDARD_INPUT:
        content = sys.stdin.buffer.read(most + 1)
    else:
        with path.open("rb") as file:
            content = file.read(most + 1)
    if len(content) > most:
        raise Unusable(f"{path} has more than {most} bytes")
    return content
