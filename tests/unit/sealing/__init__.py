"""Tests of secrets that are sealed to the vault."""
