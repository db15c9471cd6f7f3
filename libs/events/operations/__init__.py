"""Operators' questions to each service about its own store, readers and tables."""
