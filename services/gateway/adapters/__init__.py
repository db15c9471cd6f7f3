"""Adapters to external systems, one file each."""
