"""The local runtime: embedded PostgreSQL and NATS, and the supervisor of every process on this machine."""
