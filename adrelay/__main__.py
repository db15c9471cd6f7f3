"""`python -m adrelay`."""

from adrelay.cli import main

main()
