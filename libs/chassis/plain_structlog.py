"""Imports structlog without rich, which it would import, with pygments, for the consoles of people.

It takes 4 MiB of each process. Import this before structlog; others may import rich afterwards.
"""

import sys
from importlib import import_module

if not {"rich", "structlog"} & sys.modules.keys():
    sys.modules["rich"] = None  # type: ignore[assignment]  # structlog takes it for not installed
    import_module("structlog")
    del sys.modules["rich"]
