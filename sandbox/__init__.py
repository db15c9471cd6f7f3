"""Sandboxes of outside services, for tests and the demo."""
