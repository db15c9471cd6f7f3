"""Answers a repeated write with its first answer."""
