"""Tests: the mail sandbox."""
