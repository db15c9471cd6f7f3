"""Rebuild, verify and republish against a real PostgreSQL and a real NATS."""
