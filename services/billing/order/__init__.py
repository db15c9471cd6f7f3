"""The order aggregate, with its payment."""
