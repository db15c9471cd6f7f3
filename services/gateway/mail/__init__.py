"""Mails: what they say, and how they get to a mail server."""
