"""The catalogue: what is on sale, at what price."""
