"""Advertisements and cycles."""
