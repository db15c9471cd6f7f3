"""Inboxes: notifications to accounts' owners, in the app and by mail."""
