"""Tests: mails, from an event to a mail server."""
