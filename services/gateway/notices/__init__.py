"""Notices: what the operator is told, in the app and by mail."""
