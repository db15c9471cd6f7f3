"""The routes of the public REST interface."""
