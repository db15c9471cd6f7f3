"""The contract: every event and command that crosses a service border."""
