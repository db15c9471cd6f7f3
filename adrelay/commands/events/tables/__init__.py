"""`adrelay events tables`, `verify`, `rebuild`, `rollback` and `retire`."""
