"""Carries events from a store to the stream."""
