"""The contract: every event and command that is exchanged between services."""
