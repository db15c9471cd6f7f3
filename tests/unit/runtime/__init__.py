"""Tests: the local runtime, where it decides alone."""
