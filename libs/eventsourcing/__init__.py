"""The event engine: decide, store, relay, read."""
