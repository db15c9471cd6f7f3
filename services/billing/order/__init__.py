"""An order and its payment."""
