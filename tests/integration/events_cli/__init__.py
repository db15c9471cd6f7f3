"""The tools `adrelay events` against a real PostgreSQL and a real NATS."""
