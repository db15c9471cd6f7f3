"""Tests under random faults."""
