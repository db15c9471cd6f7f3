"""`python -m sandbox.telegram`: the same as `adrelay sandbox telegram`."""

from sandbox.telegram.cli import app

app()
