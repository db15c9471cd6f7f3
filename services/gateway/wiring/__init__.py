"""The parts of the gateway, made from its settings."""
