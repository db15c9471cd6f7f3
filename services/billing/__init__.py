"""Catalogue, orders and payments."""
