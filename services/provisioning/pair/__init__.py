"""An API pair that sessions connect through."""
