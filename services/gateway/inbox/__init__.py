"""Inboxes: what accounts' owners are told, in the app and by mail."""
