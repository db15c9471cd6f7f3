"""The local runtime: embedded PostgreSQL and NATS, and the supervisor of all processes on this machine."""
