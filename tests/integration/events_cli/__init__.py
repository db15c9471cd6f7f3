"""The engine against a real PostgreSQL and a real NATS."""
