"""The command line."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def root() -> None:
    """Adrelay sells and runs scheduled message forwarding."""


def main() -> None:
    """Run the command line."""
    app()
