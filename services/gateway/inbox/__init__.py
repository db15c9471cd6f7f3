"""Inboxes: the notifications of accounts' owners, in the app and by mail."""
